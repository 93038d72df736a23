#!/usr/bin/env bash
# Proves that the lab does what the tests that run in it rely on. Last line: lab selftest: ok
#
#   tests/lab/selftest.sh           with User Mode Linux; under a minute
#   tests/lab/selftest.sh --qemu    the same with QEMU, which install.sh --qemu brings; some minutes
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
hypervisor=()
case ${1:-} in
  '') ;;
  --qemu) hypervisor=(--qemu) ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
run=("$here/run" "${hypervisor[@]}") host=$here/host
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lab-selftest.XXXXXX")
# A lab of its own: the hosts of another one that is at work are not touched.
DMAGENTS_LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/lab.XXXXXX")
export DMAGENTS_LAB_DIR

cleanup() {
  local name
  for name in one two a; do "$host" rm $name >/dev/null 2>&1 || true; done
  "$host" net down || true
  rm -rf "$scratch" "$DMAGENTS_LAB_DIR"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

passed() { printf '  passed  %s\n' "$1"; }
failed() { printf '  FAILED  %s\n' "$1"; exit 1; }
check() { if "${@:2}"; then passed "$1"; else failed "$1"; fi; }
# The status with which a command ends, as output.
status_of() { local status=0; "$@" >/dev/null 2>&1 || status=$?; echo $status; }
# Kernels, and whatever else runs for a guest.
living() { pgrep -fc "$DMAGENTS_LAB_DIR/" || true; }

"$here/install.sh" "${hypervisor[@]}"
export PATH=$PATH:/usr/sbin:/sbin

test_status_and_output() {
  check "status 0 passes through" [ "$(status_of "${run[@]}" -- true)" = 0 ]
  check "status 7 passes through" [ "$(status_of "${run[@]}" -- sh -c 'exit 7')" = 7 ]
  check "a command that does not exist gives 127" [ "$(status_of "${run[@]}" -- /no/such/command)" = 127 ]
  check "wrong usage gives 2" [ "$(status_of "${run[@]}" --no-such-option -- true)" = 2 ]
  "${run[@]}" -- sh -c 'head -c 1048576 /dev/urandom | tee /tmp/copy; md5sum </tmp/copy >&2' \
    >"$scratch/out" 2>"$scratch/err"
  check "1 MiB of standard output is complete" [ "$(stat -c %s "$scratch/out")" = 1048576 ]
  check "it is what was written, and standard error is apart" cmp -s <(md5sum <"$scratch/out") "$scratch/err"
  (cd "$here" && "${run[@]}" --env "WORDS=a b" -- sh -c 'pwd; echo "$WORDS"') >"$scratch/out"
  check "directory and environment pass through" cmp -s <(printf '%s\na b\n' "$here") "$scratch/out"
  mkdir "$scratch/share"
  "${run[@]}" --share "$scratch/share:/mnt/share" -- \
    sh -c 'echo from inside >/mnt/share/file; echo lost >/var/tmp/lost-file'
  check "a share can be written to" [ "$(<"$scratch/share/file")" = "from inside" ]
  check "nothing else of the machine can" [ ! -e /var/tmp/lost-file ]
}

# In the guest, and with the library there: it never runs backwards, and agrees with the kernel's to a few milliseconds
# (a thread may lose the processor between the two readings).
test_clock() {
  [[ ${#hypervisor[@]} == 0 ]] || return 0
  cat >"$scratch/clock.c" <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static long long in_ns(struct timespec t) { return t.tv_sec * 1000000000LL + t.tv_nsec; }
int main(void) {
    long long last = 0, calls = 0, backwards = 0, nearest = 1LL << 60;
    struct timespec t, before, after;
    clock_gettime(CLOCK_MONOTONIC, &t);
    for (long long end = in_ns(t) + 1000000000; in_ns(t) < end; calls++) {
        if (calls % 4096 == 0) {
            syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &before);
            clock_gettime(CLOCK_MONOTONIC, &t);
            syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &after);
            long long off = in_ns(t) < in_ns(before) ? in_ns(before) - in_ns(t) : in_ns(t) > in_ns(after) ? in_ns(t) - in_ns(after) : 0;
            if (off < nearest) nearest = off;
        } else clock_gettime(CLOCK_MONOTONIC, &t);
        if (in_ns(t) < last) backwards++;
        last = in_ns(t);
    }
    printf("%lld readings, %lld backwards, %lld ns off\n", calls, backwards, nearest);
    return calls < 1000000 || backwards > 0 || nearest > 1000000;
}
END
  gcc -O2 -o "$scratch/clock" "$scratch/clock.c"
  check "--clock: many readings a second, none backwards, near the kernel's" \
    "${run[@]}" --clock --share "$scratch:/mnt/clock" -- /mnt/clock/clock
}

test_device_mapper() {
  "${run[@]}" --disk 1G --disk 64M -- "$here/selftest-guest.sh" || failed "disks, thin pool, ext4, xfs"
  passed "two disks of the right sizes; thin pool, ext4 and xfs on thin devices; loop"
}

test_timeout() {
  local started=$SECONDS
  check "a command over its time gives 124" [ "$(status_of "${run[@]}" --timeout 4 -- sleep 60)" = 124 ]
  check "and not much later" [ $((SECONDS - started)) -le 12 ]
  check "no process of it is left" [ "$(living)" = 0 ]
  check "no file of it is left" [ -z "$(ls "$DMAGENTS_LAB_DIR/runs")" ]
}

test_silence() {
  check "a command that goes on writing outlives its silence" \
    [ "$(status_of "${run[@]}" --silence 3 -- sh -c 'for i in 1 2 3 4 5; do sleep 1; echo $i; done')" = 0 ]
  check "one that falls silent gives 124" [ "$(status_of "${run[@]}" --silence 2 -- sh -c 'echo; sleep 60')" = 124 ]
}

test_userland() {
  [[ ${#hypervisor[@]} == 0 ]] || return 0
  local number jobs=() options=(--userland trixie --disk 32M --share "$scratch")
  for number in 1 2; do
    "${run[@]}" "${options[@]}" -- sh -c "cd /; . /etc/os-release; echo \$VERSION_ID \$LAB_DISKS \$(lsblk -no SIZE \$LAB_DISKS)
      touch /usr/bin/written && test -e '$here/selftest.sh' && dmsetup targets | grep -q ^thin-pool" \
      >"$scratch/userland$number" &
    jobs+=($!)
  done
  for number in "${jobs[@]}"; do wait "$number" || failed "two guests with the userland of Debian 13"; done
  passed "two guests at once have the userland of Debian 13, and see the checkout"
  check "their disks are their own" [ "$(cat "$scratch"/userland? | sort -u)" = "13 /dev/ubda 32M" ]
  if command -v dotnet >/dev/null; then
    check "dotnet runs there, too" [ "$(status_of "${run[@]}" "${options[@]}" -- dotnet --list-runtimes)" = 0 ]
  fi
  check "a release that is none is refused" [ "$(status_of "${run[@]}" --userland ../x -- true)" = 2 ]
}

test_parallel() {
  local number jobs=()
  for number in 1 2 3; do
    "${run[@]}" --disk 32M -- \
      sh -c "echo $number | dd of=\$LAB_DISKS conv=fsync status=none; sleep 1; head -c 1 \$LAB_DISKS" \
      >"$scratch/parallel$number" &
    jobs+=($!)
  done
  wait "${jobs[@]}"
  check "three at once do not meet" [ "$(cat "$scratch"/parallel?)" = 123 ]
}

test_power() {
  "$host" start one "${hypervisor[@]}" --disk 256M --memory 1G
  check "status passes through exec" [ "$(status_of "$host" exec one -- sh -c 'exit 9')" = 9 ]
  # commit=300: on a slow machine ext4's own five seconds may pass before the cut.
  "$host" exec one -- sh -c 'mkfs.ext4 -q $LAB_DISKS && mount -o commit=300 $LAB_DISKS /mnt &&
    echo one >/mnt/synced && sync -f /mnt && echo two >/mnt/unsynced'
  "$host" cut one
  check "a host that was cut is down" grep -q $'^one\tdown' <("$host" list)
  check "and no process of it is left" [ "$(living)" = 0 ]
  "$host" start one
  "$host" exec one -- sh -c 'mount $LAB_DISKS /mnt; cat /mnt/synced; cat /mnt/unsynced 2>/dev/null
    echo three >/mnt/third' >"$scratch/power"
  check "what was synced survives a power cut" grep -qx one "$scratch/power"
  check "what was written just before it and not synced is lost" [ "$(wc -l <"$scratch/power")" = 1 ]
  "$host" stop one
  "$host" start one
  check "a power-off syncs" [ "$("$host" exec one -- sh -c 'mount $LAB_DISKS /mnt; cat /mnt/third')" = three ]
  "$host" rm one
}

test_network() {
  "$host" start one "${hypervisor[@]}" --net --memory 512M
  "$host" start two "${hypervisor[@]}" --net --memory 512M
  local address
  address=$("$host" list | awk '$1 == "two" { print $3 }')
  check "hosts reach each other" [ "$(status_of "$host" exec one -- ping -qc 2 -W 2 "$address")" = 0 ]
  check "this machine reaches a host" [ "$(status_of "$host" net exec -- ping -qc 2 -W 2 "$address")" = 0 ]
  "$host" net isolate two
  check "an isolated host is not reached" [ "$(status_of "$host" exec one -- ping -qc 1 -W 1 "$address")" = 1 ]
  # A guest that sends meanwhile, as all do, comes back, too.
  check "it reaches none" [ "$(status_of "$host" exec two -- ping -qc 2 -W 1 10.77.0.254)" = 1 ]
  "$host" net heal two
  check "a healed one is" [ "$(status_of "$host" exec one -- ping -qc 5 -W 2 "$address")" = 0 ]
  "$host" rm one
  "$host" rm two
  "$host" net down
}

# What the page prints first, typed in the checkout.
test_readme() {
  [[ ${#hypervisor[@]} == 0 ]] || return 0
  local line lines
  mapfile -t lines < <(sed '1,/^```$/d; /^```$/,$d; s/  *#.*//; /selftest.sh/d' "$here/README.md")
  check "the page prints commands" [ ${#lines[@]} -ge 3 ]
  for line in "${lines[@]}"; do
    check "README: $line" [ "$(cd "$here/../.." && status_of eval "$line")" = 0 ]
  done
  "$host" rm a
}

test_readme
test_status_and_output
test_clock
test_device_mapper
test_timeout
test_silence
test_userland
test_parallel
test_power
test_network
if command -v dotnet >/dev/null; then
  started=$(date +%s%N)
  version=$("${run[@]}" -- dotnet --version)
  passed "dotnet $version runs inside; from boot to power-off $((($(date +%s%N) - started) / 1000000)) ms"
fi
echo "lab selftest: ok"
