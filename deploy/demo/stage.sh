# Shared by the acts; sourced.
# shellcheck shell=bash

read -r DISK_DATA DISK_META DISK_MORE DISK_STATE <<< "${LAB_DISKS:?LAB_DISKS is not set: start deploy/demo.sh}"
STATE=/var/lib/dmagents
SOCKET=/run/dmagents/admin.sock
MNT=$STATE/pools/main/mnt
LOG=/tmp/dmagentd.log
AGENT=''
WRITER=''
acts=0

# A heading, and what is to be seen.
act() {
  acts=$((acts + 1))
  printf '\n\033[1m%d. %s\033[0m  [%ss]\n   %s\n' $acts "$1" $SECONDS "$2"
}

note() { printf '   %s\n' "$*"; }

die() {
  printf '\ndemo: failed: %s\n' "$*" >&2
  tail -40 "$LOG" >&2 || true
  exit 1
}

# Shows a command of dmagent, and runs it.
run() {
  printf '\n   $ dmagent %s\n' "$*"
  "$BIN/dmagent" "$@" | sed 's/^/   /' || die "dmagent $* ended with an error"
}

quietly() { "$BIN/dmagent" "$@" > /dev/null || die "dmagent $* ended with an error"; }

expect() {
  local what=$1
  shift
  "$@" || die "not so: $what"
  note "ok: $what"
}

same() { [ "$1" = "$2" ]; }

prepare_stage() {
  [ ! -S $SOCKET ] || die "an agent runs here already; next: stop it (systemctl stop dmagentd), or use --lab"
  mkdir -p $STATE
  # The journal's fsync has to mean something: a real disk, not the lab's memory.
  mkfs.ext4 -q -F "$DISK_STATE"
  mount "$DISK_STATE" $STATE
}

# "await WHAT PID COMMAND...": waits until COMMAND succeeds. It gives up when process PID has ended, not by the clock: on
# a busy machine everything takes many times as long.
await() {
  local what=$1 process=$2
  shift 2
  until "$@"; do
    kill -0 "$process" 2> /dev/null || die "not so: $what; process $process has ended"
    sleep 0.1
  done
}

serves() { [ -S $SOCKET ] && grep -q "serves $SOCKET" $LOG; }

start_agent() {
  # The log's former lines are another agent's.
  rm -f $SOCKET $LOG
  "$BIN/dmagentd" >> $LOG 2>&1 &
  AGENT=$!
  await "the agent serves $SOCKET" $AGENT serves
}

stop_agent() {
  kill -TERM $AGENT
  wait $AGENT || die "the agent ended with status $?"
  note "the agent ended with status 0"
}

clear_stage() {
  [ -z "$WRITER" ] || kill "$WRITER" 2>/dev/null || true
  start_agent
  quietly pool remove main --force
  quietly pool remove trial --force
  kill -TERM $AGENT
  wait $AGENT || true
  umount $STATE
}

# Bytes of the pool's data that are in use, by the kernel's own count.
used() { dmsetup status dmagents-main-pool | awk '{split($6, n, "/"); print n[1] * 64 * 1024}'; }

# Runs something in a container and tells what it did to the pool's blocks.
measured() {
  local what=$1 before after
  shift
  sync
  before=$(used)
  "$@" > /dev/null || die "$what"
  sync
  after=$(used)
  printf '   %-66s %+9d KiB\n' "$what" $(((after - before) / 1024))
  CHANGE=$(((after - before) / 1024))
}

# Everything in a tree: names, owners, modes, times, links and content.
tree_hash() { tar --sort=name --numeric-owner -b 2048 -cf - -C "$1" . 2>/dev/null | b2sum -l 256 | cut -c1-64; }
