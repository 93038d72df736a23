#!/bin/bash
# The acts of the demonstration, in a kernel with dm-thin and cgroups. Called by demo.sh, which sets BIN (where dmagentd
# and dmagent are), IMAGE (an OCI layout as a tar) and LAB_DISKS (four disks that may be overwritten).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../demo/stage.sh"
CONTAINERD=/tmp/containerd.log
TASKS=/run/containerd/io.containerd.runtime.v2.task/default

# Shows a command of ctr, and runs it.
ctr() {
  printf '\n   $ ctr %s\n' "$*"
  command ctr "$@" 2>&1 | sed 's/^/   /' || die "ctr $* ended with an error: $(tail -n 3 $CONTAINERD)"
}

start_containerd() {
  containerd --config "$here/dmagents.toml" > $CONTAINERD 2>&1 &
  for _ in $(seq 300); do
    [ ! -S /run/containerd/containerd.sock ] || return 0
    sleep 0.1
  done
  die "containerd does not come up: $(tail -n 3 $CONTAINERD)"
}

last_number() { tail -n 1 "$TASKS/$1/rootfs/numbers"; }
goes_on() {
  local before
  before=$(last_number "$1")
  sleep 1.5
  [ "$(last_number "$1")" -gt "$before" ]
}
is_empty() { [ "$(dmsetup ls 2> /dev/null | grep -c '^dmagents-main-[0-9]')" = 0 ]; }
numbers='import os, time
n, f = 0, os.open("/numbers", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True: n += 1; os.write(f, b"%d\n" % n); os.fsync(f); time.sleep(.1)'

act "The agent and containerd start" "containerd knows the agent as a proxy plug-in: three lines of configuration."
prepare_stage
start_agent
run pool create main --data "$DISK_DATA" --metadata "$DISK_META"
note ""
grep -A3 '^\[proxy_plugins' "$here/dmagents.toml" | sed 's/^/   /'
start_containerd

act "A real Debian image" "containerd unpacks each layer into a thin snapshot of the layer below it."
ctr images import --snapshotter dmagents "$IMAGE"
ctr snapshots --snapshotter dmagents tree
run layer tree --pool main
run pool list
empty=$(used)

act "Three containers" "Each a writable snapshot, with a file system of its own; runc runs them."
note "each writes a number ten times a second, with fsync"
for name in one two three; do
  ctr run --detach --null-io --snapshotter dmagents debian:demo $name python3 -c "$numbers" |
    sed -n 's/ -c import.*/ -c .../p'
done
ctr tasks ls
run container list --pool main
note "what all three have taken of the pool: $((($(used) - empty) / 1024)) KiB"
ctr run --rm --snapshotter dmagents debian:demo four sh -c \
  'echo "inside: $(. /etc/os-release; echo $PRETTY_NAME)"; grep " / " /proc/mounts'

act "The agent is killed, and the containers do not notice" "They read and write through the kernel."
kill -KILL $AGENT
wait $AGENT 2> /dev/null || true
for name in one two three; do expect "$name goes on" goes_on $name; done
if command ctr run --rm --snapshotter dmagents debian:demo five true > /tmp/refused 2>&1; then
  die "a container was started without an agent"
fi
note "a new one is refused: $(head -c 100 /tmp/refused)..."
start_agent
run pool check main
# containerd tries to reach a snapshotter that was away every few seconds.
for _ in $(seq 40); do
  command ctr snapshots --snapshotter dmagents ls > /dev/null 2>&1 && break
  sleep 0.5
done
ctr run --rm --snapshotter dmagents debian:demo five echo "a new container runs"

act "The image goes" "containerd collects what nobody needs; the blocks go back into the pool."
for name in one two three; do
  ctr tasks rm --force $name > /dev/null
  ctr containers rm $name > /dev/null
done
ctr images rm --sync debian:demo
for _ in $(seq 300); do
  is_empty && break
  sleep 0.1
done
ctr snapshots --snapshotter dmagents ls
run layer tree --pool main
run pool check main
run pool list
expect "nothing of it is left" is_empty

act "The end" "Both stop."
kill "$(pidof containerd)"
quietly pool remove main --force
stop_agent
umount $STATE
echo
echo "demo: ok"
