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

// One setting a line, fields divided by tabs, as written by boot() in lib.sh.
struct config {
    char name[64];
    char address[16];   // of vec0; empty without a network
    bool cgroups;
    struct share shares[SHARE_LIMIT];
    int share_count;
};

void die(const char *what) __attribute__((noreturn));
void read_config(struct config *config, const char *path);
void load_module(const char *path);
void link_modules(void);
void must_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options);
void mount_cgroups(void);
void mount_shares(const struct config *config);
void link_up(const char *name, const char *address, const char *mask);
void power_off(void) __attribute__((noreturn));
void serve(int line) __attribute__((noreturn));
