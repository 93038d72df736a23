// What the guest's PID 1 has to know of the hypervisor under it: modules, file sharing, and the line to the relay.
#define _GNU_SOURCE
#include "init.h"
#include <glob.h>
#include <poll.h>
#include <time.h>

static const char *const uml_modules[] = {"drivers/block/loop.ko", "fs/fuse/fuse.ko", NULL};

// Not xfs, although it is one: loading it takes half as long as the whole boot, and mount loads it when it is wanted.
static const char *const qemu_modules[] = {
    "lib/libcrc32c.ko", "drivers/block/virtio_blk.ko", "drivers/block/loop.ko", "net/core/failover.ko",
    "drivers/net/net_failover.ko", "drivers/net/virtio_net.ko", NULL};

static const struct hypervisor hypervisors[] = {
    {.name = "uml", .link = "vec0", .share_type = "hostfs", .modules = uml_modules},
    {.name = "qemu", .link = "eth0", .share_type = "virtiofs", .has_port = true, .modules = qemu_modules},
};

const struct hypervisor *find_hypervisor(const char *name)
{
    for (size_t i = 0; i < sizeof hypervisors / sizeof *hypervisors; i++)
        if (!strcmp(hypervisors[i].name, name))
            return &hypervisors[i];
    errno = ENOTSUP;
    die(name);
}

// Raw: no echo, no translation of line ends, no signals from control characters.
static int open_serial(void)
{
    int fd = open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios t;
    if (fd < 0 || tcgetattr(fd, &t))
        die("/dev/ttyS0");
    cfmakeraw(&t);
    if (tcsetattr(fd, TCSANOW, &t))
        die("tcsetattr");
    return fd;
}

// The kernel finds the port and learns that somebody is at its other end while PID 1 runs already: until then there
// is no device, or it is at its end.
static int open_port(void)
{
    for (int tries = 0; tries < 1000; tries++) {
        glob_t found;
        if (!glob("/dev/vport*", 0, NULL, &found)) {
            struct pollfd port = {.fd = open(found.gl_pathv[0], O_RDWR | O_CLOEXEC)};
            if (port.fd >= 0 && poll(&port, 1, 0) >= 0 && !(port.revents & POLLHUP))
                return port.fd;
            close(port.fd);
        }
        globfree(&found);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    die("/dev/vport*");
}

int open_line(const struct hypervisor *hypervisor)
{
    return hypervisor->has_port ? open_port() : open_serial();
}
