// PID 1 of a lab guest. Sets up a Debian-like system over the machine's own root and then runs commands that
// arrive as frames on its line to the relay. The machine is never written to, except in the folders given as shares.
#define _GNU_SOURCE
#include "init.h"

static struct config config;

// Mounts the disk with another userland, below /tmp. The machine's own /dev may not have this kernel's disks.
static void mount_userland(void)
{
    char disk[sizeof config.userland + 8];
    snprintf(disk, sizeof disk, "/tmp%s", config.userland);
    mkdir("/tmp/dev", 0755);
    mkdir("/tmp/userland", 0755);
    must_mount("devtmpfs", "/tmp/dev", "devtmpfs", MS_NOSUID, "mode=755");
    must_mount(disk, "/tmp/userland", "ext4", MS_RDONLY, NULL);
    if (umount2("/tmp/dev", 0))
        die("umount of /tmp/dev");
}

static void make_root(void)
{
    // /tmp is the one directory that is surely there and whose content the guest must not see anyway.
    must_mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755");
    if (config.userland[0])
        mount_userland();
    char layers[128];
    snprintf(layers, sizeof layers, "lowerdir=%s,upperdir=/tmp/upper,workdir=/tmp/work",
        config.userland[0] ? "/tmp/userland" : "/");
    mkdir("/tmp/upper", 0755);
    mkdir("/tmp/work", 0755);
    mkdir("/tmp/root", 0755);
    must_mount("overlay", "/tmp/root", "overlay", 0, layers);
    mkdir("/tmp/root/.old", 0755);
    // pivot_root and not chroot: the kernel's own helpers (modprobe) must see the new root, too.
    if (chdir("/tmp/root") || syscall(SYS_pivot_root, ".", ".old") || chdir("/"))
        die("pivot_root");
    if (umount2("/.old", MNT_DETACH))
        die("umount of the old root");
    rmdir("/.old");
}

static void mount_system(void)
{
    must_mount("proc", "/proc", "proc", 0, NULL);
    must_mount("sysfs", "/sys", "sysfs", 0, NULL);
    must_mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=755");
    mkdir("/dev/pts", 0755);
    mkdir("/dev/shm", 01777);
    must_mount("devpts", "/dev/pts", "devpts", MS_NOSUID, "mode=620,ptmxmode=666");
    must_mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID, "mode=1777");
    must_mount("tmpfs", "/run", "tmpfs", MS_NOSUID, "mode=755");
    must_mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID, "mode=1777");
    mkdir("/run/lock", 01777);
    symlink("/proc/self/fd", "/dev/fd");
    symlink("/proc/self/fd/0", "/dev/stdin");
    symlink("/proc/self/fd/1", "/dev/stdout");
    symlink("/proc/self/fd/2", "/dev/stderr");
    if (config.cgroups)
        mount_cgroups();
}

static void set_identity(void)
{
    sethostname(config.name, strlen(config.name));
    link_up("lo", "127.0.0.1", "255.0.0.0");
    if (config.address[0])
        link_up(config.hypervisor->link, config.address, "255.255.255.0");
    FILE *hosts = fopen("/etc/hosts", "w");
    if (hosts) {
        fprintf(hosts, "127.0.0.1 localhost\n");
        fprintf(hosts, "%s %s\n", config.address[0] ? config.address : "127.0.1.1", config.name);
        fclose(hosts);
    }
}

int main(void)
{
    umask(022);
    // Before the root changes: the file lies on the machine, perhaps below a directory that a tmpfs will cover.
    read_config(&config, getenv("lab_config"));
    load_module(&config, "fs/overlayfs/overlay.ko");
    make_root();
    mount_system();
    // With another userland the kernel's modules are one of them.
    mount_shares(&config);
    static const char *const modules[] = {
        "drivers/md/dm-mod.ko", "drivers/md/dm-bufio.ko", "drivers/md/dm-bio-prison.ko",
        "drivers/md/persistent-data/dm-persistent-data.ko", "drivers/md/dm-thin-pool.ko", "drivers/md/dm-flakey.ko",
        "drivers/md/dm-delay.ko", "drivers/md/dm-log-writes.ko", NULL,
    };
    for (const char *const *module = config.hypervisor->modules; *module; module++)
        load_module(&config, *module);
    for (const char *const *module = modules; *module; module++)
        load_module(&config, *module);
    link_modules(&config);
    set_identity();
    serve(open_line(config.hypervisor));
}
