// The clock of a real kernel for a guest of User Mode Linux: an LD_PRELOAD library for the guest's programs.
//
// On a real kernel a program reads the clock in memory that the kernel shares with it, in some 20 ns. In User Mode Linux
// each reading is a system call, which costs some 500 times as much; a .NET server reads the clock hundreds of times for one
// request. Here clock_gettime asks the kernel now and then, and between two answers counts with the processor's time
// stamp counter, whose rate it learns from those answers. What is read is never behind an earlier reading of the same
// process, and ahead or behind the kernel's clock by some microseconds. A clock that is set is seen within a tenth of a
// second. Programs that ask the kernel themselves, as those written in Go do, are not reached.
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <x86intrin.h>

enum { LEARN_NS = 20 * 1000 * 1000, LONGEST_NS = 100 * 1000 * 1000, QUICK_TICKS = 150 * 1000 };

// What the kernel said last, behind a sequence number that is odd while it changes.
static struct {
    uint64_t ticks;
    int64_t monotonic, real;   // nanoseconds
    double ns_per_tick, real_ns_per_tick;
    int64_t valid_ns;
} last;
static uint64_t sequence;
static double rate;            // nanoseconds a tick; 0 until it is known
static uint64_t first_ticks;
static int64_t first_monotonic;
static bool is_usable;

static int64_t ask(clockid_t clock) {
    struct timespec time;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_clock_gettime), "D"((long)clock), "S"(&time)
                     : "rcx", "r11", "memory");
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static uint64_t ticks(void) {
    _mm_lfence();
    return __rdtsc();
}

// Asks until the answer came quickly: a thread that lost the processor meanwhile does not know when the kernel looked.
// Sets when that was, and returns how long the call took at most, in ticks.
static uint64_t ask_quickly(int64_t *monotonic, uint64_t *when) {
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 5 && best >= QUICK_TICKS; i++) {
        uint64_t begun = ticks();
        int64_t answer = ask(CLOCK_MONOTONIC);
        uint64_t taken = ticks() - begun;
        if (taken < best) {
            best = taken;
            *monotonic = answer;
            *when = begun + taken / 2;
        }
    }
    return best;
}

// Threads that come meanwhile, or interrupt this from a signal's handler, ask the kernel themselves.
static void ask_anew(void) {
    uint64_t before = __atomic_load_n(&sequence, __ATOMIC_RELAXED);
    if (before & 1 || !__atomic_compare_exchange_n(&sequence, &before, before + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
    int64_t monotonic = 0;
    uint64_t when = 0;
    bool is_sure = ask_quickly(&monotonic, &when) < QUICK_TICKS;
    if (first_ticks == 0 && is_sure) {
        first_ticks = when;
        first_monotonic = monotonic;
    }
    int64_t known = first_ticks == 0 ? 0 : monotonic - first_monotonic;
    if (known > LEARN_NS && is_sure)
        rate = (double)known / (double)(when - first_ticks);
    int64_t reckoned = last.monotonic + (int64_t)((double)(when - last.ticks) * last.ns_per_tick);
    int64_t real = ask(CLOCK_REALTIME) - (int64_t)((double)(ticks() - when) * rate);
    // The rate is known the better, the longer it was watched; an answer serves a tenth of that time.
    last.valid_ns = known / 10 < LONGEST_NS ? known / 10 : LONGEST_NS;
    // Never behind what was read already: what is ahead of the kernel's clock runs more slowly until the next answer.
    int64_t ahead = last.ns_per_tick > 0 && monotonic < reckoned ? reckoned - monotonic : 0;
    double slowed = ahead == 0 ? 0 : (double)ahead / (double)(last.valid_ns + ahead);
    last.monotonic = monotonic + ahead;
    last.ns_per_tick = rate * (1 - slowed);
    last.real = real;
    last.real_ns_per_tick = rate;
    last.ticks = when;
    __atomic_store_n(&sequence, before + 2, __ATOMIC_RELEASE);
}

// Without a counter that runs at one rate whatever the processor does, the kernel is asked each time.
__attribute__((constructor)) static void begin(void) {
    unsigned a, b, c, d;
    is_usable = __get_cpuid(0x80000007, &a, &b, &c, &d) && d & 1 << 8;
    if (is_usable)
        ask_anew();
}

static bool reckon(clockid_t clock, int64_t *result) {
    uint64_t before = __atomic_load_n(&sequence, __ATOMIC_ACQUIRE);
    if (before & 1)
        return false;
    bool is_real = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    double ns_per_tick = is_real ? last.real_ns_per_tick : last.ns_per_tick;
    int64_t since = (int64_t)((double)(ticks() - last.ticks) * ns_per_tick);
    bool is_valid = ns_per_tick > 0 && since >= 0 && since < last.valid_ns;
    *result = (is_real ? last.real : last.monotonic) + since;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return is_valid && __atomic_load_n(&sequence, __ATOMIC_RELAXED) == before;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (is_usable && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_REALTIME
                      || clock == CLOCK_REALTIME_COARSE)) {
        int64_t now;
        if (reckon(clock, &now) || (ask_anew(), reckon(clock, &now))) {
            time->tv_sec = now / 1000000000;
            time->tv_nsec = now % 1000000000;
            return 0;
        }
    }
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_clock_gettime), "D"((long)clock), "S"(time)
                     : "rcx", "r11", "memory");
    if (result == 0)
        return 0;
    errno = (int)-result;
    return -1;
}
