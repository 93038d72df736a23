// The parts of the guest's PID 1: guest_system.c sets up, guest_jobs.c runs commands.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

enum { SHARE_LIMIT = 32 };

struct share {
    char *from, *to;
    bool read_only;
};

// What differs between the hypervisors.
struct hypervisor {
    const char *name;
    const char *link;         // the network link, where there is one
    const char *share_type;   // the file system that shows the machine's directories
    bool has_port;            // the line is a virtio port, not the first serial line
    const char *const *modules;   // loaded before those that every guest has
};

// One setting a line, fields divided by tabs, as written by write_config() in boot.sh.
struct config {
    const struct hypervisor *hypervisor;
    char modules[256];   // where the directory of this kernel's modules is
    char userland[64];   // the disk with the root file system; empty: the machine's own root
    char name[64];
    char address[16];   // of the network link; empty without a network
    bool cgroups;
    struct share shares[SHARE_LIMIT];
    int share_count;
};

void die(const char *what) __attribute__((noreturn));
const struct hypervisor *find_hypervisor(const char *name);
void read_config(struct config *config, const char *path);
void load_module(const struct config *config, const char *path);
void link_modules(const struct config *config);
int open_line(const struct hypervisor *hypervisor);
void must_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options);
void mount_cgroups(void);
void mount_shares(const struct config *config);
void link_up(const char *name, const char *address, const char *mask);
void power_off(void) __attribute__((noreturn));
void serve(int line) __attribute__((noreturn));
