#!/bin/bash
# Guess:  a program in User Mode Linux reads the clock at the price of a function call, as on every x86-64 kernel: the vDSO
#         is there, and clock_gettime is in it.
# Is so:  the vDSO of linux.uml 6.1 (Debian 12) makes a system call for it, and a system call passes through another
#         process there: 5 to 25 microseconds instead of some 20 nanoseconds. What reads the clock often is slow there for
#         this alone.
#
# Exit status 0 as long as a reading takes at least a hundred times as long in the guest as outside, and not much less than
# getppid, which is a system call everywhere. Needs apt, the network, and gcc with a static libc.
set -euo pipefail
version=6.1um4+b13
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q -o APT::Sandbox::User=root "user-mode-linux=$version" >/dev/null
dpkg -x user-mode-linux_*.deb unpacked

# Not static outside: a static program of glibc finds the vDSO, too.
cat >init.c <<'END'
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 100000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(void) {
    double begun = now();
    for (int i = 0; i < CALLS; i++) now();
    double clock = (now() - begun) / CALLS;
    begun = now();
    for (int i = 0; i < CALLS; i++) syscall(SYS_getppid);
    double call = (now() - begun) / CALLS;
    printf("seen %.0f %.0f %s\n", clock, call, getauxval(AT_SYSINFO_EHDR) ? "vDSO" : "none");
    fflush(stdout);
    if (getpid() == 1) reboot(RB_POWER_OFF);
}
END
gcc -O1 -static -o init init.c

read -r _ machine_clock machine_call machine_vdso <<<"$(./init)"
read -r _ guest_clock guest_call guest_vdso <<<"$(timeout 60 unpacked/usr/bin/linux.uml mem=128M root=/dev/root \
  rootfstype=hostfs rootflags=/ ro init="$work/init" con=null con0=null,fd:1 quiet </dev/null 2>/dev/null |
  tr -d '\r' | grep '^seen')"
echo "this machine's kernel: clock_gettime $machine_clock ns, getppid $machine_call ns, $machine_vdso"
echo "user-mode-linux $version: clock_gettime $guest_clock ns, getppid $guest_call ns, $guest_vdso"
[[ $guest_vdso == vDSO ]] && ((guest_clock > 100 * machine_clock && guest_clock * 2 > guest_call))
