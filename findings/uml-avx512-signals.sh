#!/bin/bash
# Guess:  in User Mode Linux a signal handler may use any vector register: the kernel saves them all when it delivers the
#         signal, and restores them when the handler returns, as Linux on real hardware does.
# Is so:  the signal frame of linux.uml 6.1 (Debian 12) holds the state up to AVX: 832 bytes. ZMM16 to ZMM31, the upper
#         halves of ZMM0 to ZMM15, and the mask registers of the interrupted code have what the handler left in them.
#         A switch between threads keeps them. Programs that are interrupted often compute wrong values now and then:
#         .NET stops its threads by signals, and about one BLAKE3 hash in fifty was wrong beside a busy collector.
#         DOTNET_EnableAVX512=0 for .NET in such a guest avoids it: its handler uses none of these registers then.
#
# Exit status 0 as long as that is so. Needs apt, the network, gcc with a static libc, and a CPU with AVX-512.
set -euo pipefail
grep -qw avx512bw /proc/cpuinfo || { echo "this CPU has no AVX-512: nothing can be seen here" >&2; exit 2; }
version=6.1um4+b13
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q -o APT::Sandbox::User=root "user-mode-linux=$version" >/dev/null
dpkg -x user-mode-linux_*.deb unpacked

cat >init.c <<'END'
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

static void handler(int signal) {
    (void)signal;
    __asm__ volatile("vpxord %%zmm17, %%zmm17, %%zmm17\n vpxord %%zmm0, %%zmm0, %%zmm0\n kxorq %%k1, %%k1, %%k1\n"
                     ::: "memory");
}

/* Sends itself a signal by a bare system call, so that nothing else uses a register in between. */
int main(void) {
    uint64_t in[8], high[8], low[8], mask;
    for (int i = 0; i < 8; i++) in[i] = 0x1111111111111111u * (i + 1);
    signal(SIGUSR1, handler);
    __asm__ volatile("vmovdqu64 (%1), %%zmm0\n vmovdqu64 (%1), %%zmm17\n movq $0x5a5a, %%rax\n kmovq %%rax, %%k1\n"
                     "movl $62, %%eax\n movl %4, %%edi\n movl $10, %%esi\n syscall\n"
                     "vmovdqu64 %%zmm17, (%2)\n vmovdqu64 %%zmm0, (%3)\n kmovq %%k1, %0\n"
                     : "=&r"(mask) : "r"(in), "r"(high), "r"(low), "r"((int)getpid())
                     : "rax", "rdi", "rsi", "rcx", "r11", "memory");
    printf("zmm17 %s, zmm0's lower half %s and upper half %s, k1 %s\n", memcmp(in, high, 64) ? "lost" : "kept",
           memcmp(in, low, 32) ? "lost" : "kept", memcmp(in + 4, low + 4, 32) ? "lost" : "kept",
           mask == 0x5a5a ? "kept" : "lost");
    fflush(stdout);
    if (getpid() == 1) reboot(RB_POWER_OFF);
}
END
gcc -O1 -static -o init init.c

machine=$(./init)
guest=$(timeout 60 unpacked/usr/bin/linux.uml mem=128M root=/dev/root rootfstype=hostfs rootflags=/ ro \
  init="$work/init" con=null con0=null,fd:1 quiet </dev/null 2>/dev/null | tr -d '\r' | grep '^zmm17')
result="this machine's kernel: $machine
user-mode-linux $version: $guest"
echo "$result"
[[ $result == "this machine's kernel: zmm17 kept, zmm0's lower half kept and upper half kept, k1 kept
user-mode-linux $version: zmm17 lost, zmm0's lower half kept and upper half lost, k1 lost" ]]
