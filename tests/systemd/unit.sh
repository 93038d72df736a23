#!/bin/bash
# Beside a systemd that has the agent's unit and has not started it. DATA and METADATA are blank disks. Called by
# guest.sh.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
BIN_CLI=/usr/bin
. "$here/../docker/checks.sh"
mnt=/var/lib/dmagents/pools/main/mnt/web

property() { systemctl show dmagentd --property "$1" --value; }
is() {
  [ "$(property "$1")" = "$2" ] && return
  echo "$1 is $(property "$1"), not $2"
  systemctl status --no-pager dmagentd
  return 1
}
reports() { property StatusText | grep -q "$1"; }
journal() { journalctl --unit dmagentd --no-pager --quiet; }
logged() { journal | grep -- "$1"; }
active() { is ActiveState active && is SubState running; }
# Another process than before, and active.
is_another() { [ "$(property MainPID)" != "$1" ] && [ "$(property MainPID)" != 0 ] && active; }

serves() {
  check "$1: systemd hears that it serves" is StatusText serving
  check "$1: it answers" dmagent host status
}

# CAP_SYS_TIME is bit 25.
may_set_clock() { (($(awk '/^CapBnd/ { print "0x" $2 }' "/proc/$(property MainPID)/status") >> 25 & 1)); }

# Writes until it meets an error; with builtins alone, for processes are dear, and with pauses: there is one processor.
write_on() {
  exec 9<> <(:)
  while printf . >> "$mnt/live"; do read -rt 0.1 -u 9; done
}

still_writes() {
  local before
  before=$(stat -c %s "$mnt/live")
  kill -0 "$writer" && await 60 grows "$before"
}
grows() { [ "$(stat -c %s "$mnt/live")" -gt "$1" ]; }

stays() {
  check "$1: the container is mounted" mountpoint "$mnt"
  check "$1: its file is whole" bash -c "sha256sum --check --status /tmp/digest"
  check "$1: the writer has met no error" still_writes
  check "$1: journal, pool and devices agree" dmagent pool check main
}

first_start() {
  local begun=$SECONDS
  systemctl start --no-block dmagentd
  await 300 reports . || give_up "no report reaches systemd: $(journal)"
  # A slow machine is given more, and less than the two minutes by which each report extends it.
  limit=$((3 * (SECONDS - begun) + 10))
  ((limit <= 90)) || limit=90
  check "the start ends when the agent is ready" systemctl start dmagentd
  check "it is active" active
  serves "started"
}

# The pool cannot be compared while its metadata's disk hangs, so the start reports what it waits for; then it is held.
slow_start() {
  local begun=$SECONDS
  mkdir -p /run/systemd/system/dmagentd.service.d
  printf '[Service]\nTimeoutStartSec=%ds\n' $limit > /run/systemd/system/dmagentd.service.d/limit.conf
  systemctl daemon-reload
  dmsetup suspend --nolockfs dmagents-main-meta
  systemctl start --no-block dmagentd
  await 300 reports "^starting: " || give_up "a start that hangs is not reported: $(property StatusText)"
  kill -STOP "$(property MainPID)"
  while ((SECONDS < begun + limit + 5)); do sleep 1; done
  check "the limit is this test's" fails is TimeoutStartUSec 5min
  check "a start beyond systemd's limit of $limit s goes on, for it has reported" is ActiveState activating
  kill -CONT "$(property MainPID)"
  dmsetup resume dmagents-main-meta
  check "it ends when the disk answers" await 300 active
  serves "slow start"
  check "it was one start" is NRestarts 0
}

stop() {
  check "it stops" systemctl stop dmagentd
  check "in order and within the limit" is Result success
  check "with status 0" is ExecMainStatus 0
  check "no process of it is left" fails pgrep -x dmagentd
  check "its sockets are gone" fails test -e /run/dmagents
  check "its state is there for root alone" equal "$(stat -c %a /var/lib/dmagents)" 700
}

check "systemd takes the unit as it is" systemd-analyze verify /etc/systemd/system/dmagentd.service
check "no systemd denies it a disk" equal "$(property DevicePolicy)$(property ProtectClock)" autono
first_start
check "it cannot set the clock" fails may_set_clock
check "a pool" dmagent pool create main --data "$DATA" --metadata "$METADATA"
tar -cf /tmp/small.tar -C /etc hostname passwd group
check "an image" dmagent image import /tmp/small.tar --reference small:1
check "a container" dmagent container create web --image small:1 --mount
head -c 4M /dev/urandom > "$mnt/kept" && sync -f "$mnt" && sha256sum "$mnt/kept" > /tmp/digest
write_on &
writer=$!
stays "made"

process=$(property MainPID)
check "a restart" systemctl restart dmagentd
check "it is another process" is_another "$process"
serves "restarted"
stays "restarted"

process=$(property MainPID)
kill -KILL "$process"
check "after SIGKILL systemd starts it again" await 300 is_another "$process"
check "that counts as a restart" is NRestarts 1
serves "killed"
stays "killed"

stop
check "stopped: the container is mounted" mountpoint "$mnt"
check "stopped: the writer has met no error" still_writes

cp /etc/dmagents/dmagents.conf /tmp/good.conf
echo 'dmagents.pool.base-size = 7MiB' >> /etc/dmagents/dmagents.conf
check "with a setting that is wrong it does not start" fails systemctl start dmagentd
check "and the journal says which" logged pool.base-size
systemctl stop dmagentd
cp /tmp/good.conf /etc/dmagents/dmagents.conf
slow_start
stays "slow start"

kill "$writer"
check "the pool is removed" dmagent pool remove main --force
check "it stops at last" systemctl stop dmagentd
((failed == 0)) || journal | tail -n 60
finish
