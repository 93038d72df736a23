// What the guest's PID 1 does to the system: modules, mounts, network links, and the way down.
#define _GNU_SOURCE
#include "init.h"
#include <arpa/inet.h>
#include <linux/dm-ioctl.h>
#include <linux/loop.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

void die(const char *what)
{
    // Standard error is the kernel's console, which the host keeps as console.log.
    fprintf(stderr, "lab init: %s: %s\n", what, strerror(errno));
    sync();
    reboot(RB_POWER_OFF);
    _exit(1);
}

void read_config(struct config *config, const char *path)
{
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file)
        die("lab_config");
    char line[8192];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        char *rest = line;
        char *key = strsep(&rest, "\t"), *first = strsep(&rest, "\t"), *second = strsep(&rest, "\t");
        if (!strcmp(key, "hypervisor") && first)
            config->hypervisor = find_hypervisor(first);
        else if (!strcmp(key, "modules") && first)
            snprintf(config->modules, sizeof config->modules, "%s", first);
        else if (!strcmp(key, "name") && first)
            snprintf(config->name, sizeof config->name, "%s", first);
        else if (!strcmp(key, "userland") && first)
            snprintf(config->userland, sizeof config->userland, "%s", first);
        else if (!strcmp(key, "address") && first)
            snprintf(config->address, sizeof config->address, "%s", first);
        else if (!strcmp(key, "cgroups"))
            config->cgroups = true;
        else if (!strncmp(key, "share", 5) && first && second && config->share_count < SHARE_LIMIT)
            config->shares[config->share_count++] =
                (struct share){strdup(first), strdup(second), !strcmp(key, "share-ro")};
        else
            fprintf(stderr, "lab init: not understood: %s\n", key);
    }
    fclose(file);
    if (!config->hypervisor)
        die("no hypervisor in lab_config");
}

static const char *module_directory(const struct config *config)
{
    static char path[512];
    struct utsname name;
    uname(&name);
    snprintf(path, sizeof path, "%s/%s", config->modules, name.release);
    return path;
}

// By explicit path: looking for modules means walking directories, which is slow through hostfs.
void load_module(const struct config *config, const char *path)
{
    char full[1024];
    snprintf(full, sizeof full, "%s/kernel/%s", module_directory(config), path);
    int fd = open(full, O_RDONLY | O_CLOEXEC);
    // Not fatal: a kernel may have it built in. What then lacks it says so.
    if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
        fprintf(stderr, "lab init: %s: %s\n", full, strerror(errno));
    if (fd >= 0)
        close(fd);
}

void link_modules(const struct config *config)
{
    struct utsname name;
    uname(&name);
    char path[128];
    snprintf(path, sizeof path, "/lib/modules/%s", name.release);
    mkdir("/lib/modules", 0755);
    symlink(module_directory(config), path);
}

void must_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options)
{
    if (mount(source, target, type, flags, options))
        die(target);
}

void mount_cgroups(void)
{
    must_mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, "mode=755");
    FILE *list = fopen("/proc/cgroups", "r");
    char line[256], name[64], path[128];
    while (list && fgets(line, sizeof line, list)) {
        if (line[0] == '#' || sscanf(line, "%63s", name) != 1)
            continue;
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s", name);
        mkdir(path, 0755);
        if (mount("cgroup", path, "cgroup", 0, name))
            fprintf(stderr, "lab init: %s: %s\n", path, strerror(errno));
    }
    if (list)
        fclose(list);
}

static void make_directories(const char *path)
{
    char part[4096];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(part, 0755);
        *slash = '/';
    }
    mkdir(part, 0755);
}

void mount_shares(const struct config *config)
{
    for (int i = 0; i < config->share_count; i++) {
        const struct share *share = &config->shares[i];
        unsigned long flags = share->read_only ? MS_RDONLY : 0;
        char tag[16];
        snprintf(tag, sizeof tag, "share%d", i);
        make_directories(share->to);
        // hostfs takes the machine's directory as its option; a virtiofs server has been told which one it is.
        bool by_path = !strcmp(config->hypervisor->share_type, "hostfs");
        must_mount(tag, share->to, config->hypervisor->share_type, flags, by_path ? share->from : NULL);
    }
}

void link_up(const char *name, const char *address, const char *mask)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    in->sin_family = AF_INET;
    bool ok = inet_pton(AF_INET, address, &in->sin_addr) == 1 && !ioctl(fd, SIOCSIFADDR, &request);
    ok = ok && inet_pton(AF_INET, mask, &in->sin_addr) == 1 && !ioctl(fd, SIOCSIFNETMASK, &request);
    ok = ok && !ioctl(fd, SIOCGIFFLAGS, &request);
    request.ifr_flags |= IFF_UP;
    if (!ok || ioctl(fd, SIOCSIFFLAGS, &request))
        fprintf(stderr, "lab init: %s: %s\n", name, strerror(errno));
    close(fd);
}

// Waits until PID 1 has no children left, or for that long.
static void wait_for_children(int milliseconds)
{
    for (; milliseconds > 0; milliseconds -= 10) {
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (pid < 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
}

// In /proc/mounts a space, tab, newline or backslash stands as three octal digits.
static void unescape(char *text)
{
    char *to = text;
    for (char *from = text; *from; to++) {
        unsigned code;
        if (*from == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
            *to = (char)code;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = 0;
}

// Newest first, so that what is mounted below another mount goes before it.
static void unmount_devices(void)
{
    static char targets[1024][512];
    int count = 0;
    char source[512];
    FILE *mounts = fopen("/proc/mounts", "r");
    while (mounts && count < 1024 && fscanf(mounts, "%511s %511s %*[^\n]", source, targets[count]) == 2)
        if (!strncmp(source, "/dev/", 5))
            unescape(targets[count++]);
    if (mounts)
        fclose(mounts);
    while (count-- > 0)
        if (umount2(targets[count], 0))
            fprintf(stderr, "lab init: umount %s: %s\n", targets[count], strerror(errno));
}

// A thin pool writes its metadata on a flush or once a second; removing it is what leaves nothing behind.
static void remove_mapped_devices(void)
{
    struct dm_ioctl request = {
        .version = {DM_VERSION_MAJOR, 0, 0}, .data_size = sizeof request, .data_start = sizeof request};
    int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    if (fd >= 0 && ioctl(fd, DM_REMOVE_ALL, &request) && errno != ENXIO)
        fprintf(stderr, "lab init: dm remove all: %s\n", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void detach_loops(void)
{
    char path[32];
    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof path, "/dev/loop%d", i);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            continue;
        ioctl(fd, LOOP_CLR_FD, 0);
        close(fd);
    }
}

void power_off(void)
{
    kill(-1, SIGTERM);
    wait_for_children(2000);
    kill(-1, SIGKILL);
    wait_for_children(1000);
    sync();
    // Twice: a pool may lie on loop files in a file system that lies on a thin device.
    for (int round = 0; round < 2; round++) {
        unmount_devices();
        remove_mapped_devices();
        detach_loops();
    }
    sync();
    reboot(RB_POWER_OFF);
    _exit(1);
}
