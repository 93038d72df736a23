#!/bin/bash
# The acts of the demonstration, in a kernel with dm-thin and cgroups. Called by demo.sh, which sets BIN (where dmagentd
# and dmagent are), IMAGE (an OCI layout as a tar) and LAB_DISKS (four disks that may be overwritten).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../demo/stage.sh"
CONTAINERD=/tmp/containerd.log
DAEMON=''
TASKS=/run/containerd/io.containerd.runtime.v2.task/default

# Shows a command of ctr, and runs it.
ctr() {
  printf '\n   $ ctr %s\n' "$*"
  command ctr "$@" 2>&1 | sed 's/^/   /' || die "ctr $* ended with an error: $(tail -n 3 $CONTAINERD)"
}

# Its configuration imports what dmagent prints, as that says; CRI looks for a network that is not here.
start_containerd() {
  mkdir -p /etc/containerd/conf.d
  "$BIN/dmagent" containerd config > /etc/containerd/conf.d/dmagents.toml || die "there is no configuration"
  cat > /etc/containerd/config.toml << 'END'
version = 2
imports = ["/etc/containerd/conf.d/*.toml"]
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
END
  containerd > $CONTAINERD 2>&1 &
  DAEMON=$!
  await "containerd comes up: $CONTAINERD" $DAEMON test -S /run/containerd/containerd.sock
}

last_number() { tail -n 1 "$TASKS/$1/rootfs/numbers"; }
has_gone_on() { [ "$(last_number "$1")" -gt "$2" ]; }
goes_on() { await "$1 goes on" "$(cat "$TASKS/$1/init.pid")" has_gone_on "$1" "$(last_number "$1")"; }
lists_snapshots() { command ctr snapshots --snapshotter dmagents ls > /dev/null 2>&1; }
is_empty() { [ "$(dmsetup ls 2> /dev/null | grep -c '^dmagents-main-[0-9]')" = 0 ]; }
numbers='import os, time
n, f = 0, os.open("/numbers", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True: n += 1; os.write(f, b"%d\n" % n); os.fsync(f); time.sleep(.1)'

act "The agent and containerd start" "containerd knows the agent as a proxy plug-in, by a few lines of configuration."
prepare_stage
start_agent
run pool create main --data "$DISK_DATA" --metadata "$DISK_META"
note ""
start_containerd
note "\$ $(containerd --version | cut -d ' ' -f 1,3)"
note "\$ dmagent containerd config"
grep -v '^ *#' /etc/containerd/conf.d/dmagents.toml | cat -s | sed 's/^/   /'

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
await "containerd reaches the agent again" $DAEMON lists_snapshots
ctr run --rm --snapshotter dmagents debian:demo five echo "a new container runs"

act "The image goes" "containerd collects what no image needs; the blocks go back into the pool."
for name in one two three; do
  ctr tasks rm --force $name > /dev/null
  ctr containers rm $name > /dev/null
done
ctr images rm --sync debian:demo
await "nothing of it is left" $AGENT is_empty
ctr snapshots --snapshotter dmagents ls
run layer tree --pool main
run pool check main
run pool list
expect "nothing of it is left" is_empty

act "The end" "Both stop."
kill $DAEMON
quietly pool remove main --force
stop_agent
umount $STATE
echo
echo "demo: ok"
