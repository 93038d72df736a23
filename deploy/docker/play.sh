#!/bin/bash
# The acts of the demonstration, in a kernel with dm-thin and cgroups. Called by demo.sh, which sets BIN (where dmagentd
# and dmagent are), IMAGE (an OCI layout as a tar) and LAB_DISKS (four disks that may be overwritten).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../demo/stage.sh"
CONTAINERD=/tmp/containerd.log
DOCKER=/tmp/dockerd.log
DAEMON=''
CONTAINERD_PID=''

# Shows a command of docker, and runs it.
docker() {
  printf '\n   $ docker %s\n' "$*"
  command docker "$@" 2>&1 | sed 's/^/   /' || die "docker $* ended with an error: $(tail -n 3 $DOCKER)"
}

answers() { command "$@" > /dev/null 2>&1; }

start_daemons() {
  mkdir -p /etc/containerd/conf.d /etc/docker /var/lib/containerd /var/lib/docker
  mkfs.ext4 -q "$DISK_MORE"
  mount "$DISK_MORE" /var/lib/containerd
  mkdir /var/lib/containerd/docker
  mount --bind /var/lib/containerd/docker /var/lib/docker
  "$BIN/dmagent" containerd config > /etc/containerd/conf.d/dmagents.toml || die "there is no configuration"
  # CRI looks for a network that is not here.
  cat > /etc/containerd/config.toml << 'END'
version = 2
imports = ["/etc/containerd/conf.d/*.toml"]
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
END
  containerd > $CONTAINERD 2>&1 &
  CONTAINERD_PID=$!
  await "containerd comes up: $CONTAINERD" $CONTAINERD_PID answers ctr version
  # What is deployed, and what the lab's kernel lacks: bridges with netfilter, systemd.
  jq -s '.[0] * .[1]' "$here/daemon.json" - > /etc/docker/daemon.json << 'END'
{"iptables": false, "ip6tables": false, "bridge": "none", "exec-opts": ["native.cgroupdriver=cgroupfs"]}
END
  # As Docker's unit starts it.
  dockerd --containerd=/run/containerd/containerd.sock > $DOCKER 2>&1 &
  DAEMON=$!
  await "Docker comes up: $DOCKER" $DAEMON answers docker version
}

last_number() { tail -n 1 "/proc/$WEB/root/numbers"; }
has_gone_on() { [ "$(last_number)" -gt "$1" ]; }
writes() { [ -s "/proc/$WEB/root/numbers" ]; }
is_empty() { [ "$(dmsetup ls 2> /dev/null | grep -c '^dmagents-main-[0-9]')" = 0 ]; }
runs_again() { answers docker run --rm --net none debian:demo true; }
numbers='import os, time
n, f = 0, os.open("/numbers", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True: n += 1; os.write(f, b"%d\n" % n); os.fsync(f); time.sleep(.1)'

act "The agent, containerd and Docker start" "Docker takes its store from containerd, by two settings."
prepare_stage
start_agent
run pool create main --data "$DISK_DATA" --metadata "$DISK_META"
start_daemons
note ""
sed 's/^/   /' "$here/daemon.json"
docker info --format 'Docker {{.ServerVersion}}, storage driver {{.Driver}}'

act "A real Debian image" "Each layer is a thin snapshot of the layer below it."
docker load --input "$IMAGE"
docker image ls
run layer tree --pool main
docker run --rm --net none debian:demo sh -c '. /etc/os-release; echo "inside: $PRETTY_NAME"; grep " / " /proc/mounts'

act "A container, and images made of it" "A writable snapshot; what it changed is a layer on top."
note "it writes a number ten times a second, with fsync"
docker run --detach --net none --name web debian:demo python3 -c "$numbers" |
  sed -n 's/ -c import.*/ -c .../p'
WEB=$(command docker inspect --format '{{.State.Pid}}' web)
await "web writes" "$WEB" writes
docker diff web
docker ps --size --format '{{.Names}}: {{.Size}}'
docker stop --time 1 web
docker commit web web:1
docker start web
WEB=$(command docker inspect --format '{{.State.Pid}}' web)
mkdir /tmp/context
printf 'FROM web:1\nRUN tail -n 1 /numbers > /last\n' > /tmp/context/Dockerfile
docker build --quiet --network none --tag built:1 /tmp/context
docker run --rm --net none built:1 cat /last

act "The agent is killed, and the container does not notice" "It reads and writes through the kernel."
kill -KILL $AGENT
wait $AGENT 2> /dev/null || true
await "web goes on" "$WEB" has_gone_on "$(last_number)"
note "ok: web goes on"
if runs_again; then die "a container was started without an agent"; fi
note "ok: a new one is refused"
start_agent
await "a new one starts" $DAEMON runs_again
note "ok: with the agent back a new one starts"
run pool check main

act "All of it goes" "The blocks go back into the pool."
docker rm --force web
docker image rm built:1 web:1 debian:demo
docker system prune --all --force
await "nothing of it is left" $AGENT is_empty
run layer tree --pool main
run pool check main
note "ok: nothing of it is left"

act "The end" "All three stop."
kill $DAEMON
wait $DAEMON || die "Docker ended with status $?"
kill $CONTAINERD_PID
quietly pool remove main --force
stop_agent
umount $STATE
echo
echo "demo: ok"
