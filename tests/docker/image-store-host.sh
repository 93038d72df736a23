# The host of guest-image-store.sh: an agent with a pool, the release's own containerd and Docker, and its images.
# Sourced.
# shellcheck shell=bash

start_containerd() {
  containerd >> /tmp/containerd.log 2>&1 &
  CONTAINERD=$!
  await 300 ctr version || give_up "containerd does not come up"
}

# By the command of the release's own unit, but for systemd's socket.
start_docker() {
  local command DOCKER_OPTS=''
  command=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/docker.service)
  eval "exec ${command/-H fd:\/\//}" >> /tmp/dockerd.log 2>&1 &
  DOCKER=$!
  await 300 docker version || give_up "Docker does not come up"
}

# SIGKILL, or SIGTERM; the end is awaited.
kill_agent() { kill -KILL $AGENT && { wait $AGENT; true; }; }
kill_containerd() { kill -KILL $CONTAINERD && { wait $CONTAINERD; true; }; }
kill_docker() { kill -KILL $DOCKER && { wait $DOCKER; true; }; }
stop_agent() { kill $AGENT && wait $AGENT; }
stop_docker() { kill $DOCKER && wait $DOCKER; }

# Nothing is live but the pool itself.
is_empty() { [ "$(dmsetup ls | grep -c '^dmagents-main-[0-9]')" = 0 ]; }
# Blocks of the pool's data that are in use, by the kernel.
used() { dmsetup status dmagents-main-pool | cut -d ' ' -f 6; }

# Nothing is left but the base: of the agent's layers, containerd's snapshots and the pool's thin ids.
is_left() {
  dmagent layer tree
  snapshots
  dmagent pool check main &&
    equal "$(dmagent layer list --pool main --json | jq '.layers | length')" 0 &&
    equal "$(snapshots | wc -l)" 0 &&
    equal "$(used)" "$empty" &&
    equal "$(dmagent pool quarantine list --pool main --json | jq '.devices | length')" 0 &&
    is_empty
}

# Blocks are given back in the background.
await_left() { await 120 is_left || is_left; }

# "archive NAME FOLDER...": an archive as docker save writes it, of one layer per folder.
archive() {
  local name=$1 layer layers=() digests=() folder=/tmp/archive-$1
  shift
  mkdir -p "$folder"
  for layer in "$@"; do
    tar -c --owner 0 --group 0 -C "$layer" -f "$folder/${layer##*/}.tar" .
    layers+=("${layer##*/}.tar")
    digests+=("sha256:$(sha256sum < "$folder/${layer##*/}.tar" | cut -d ' ' -f 1)")
  done
  jq -nc '{architecture: $architecture, os: "linux", config: {Cmd: ["/bin/sh"], Env: ["PATH=/bin"]},
    rootfs: {type: "layers", diff_ids: $ARGS.positional}}' --arg architecture "$(dpkg --print-architecture)" \
    --args "${digests[@]}" > "$folder/config.json"
  jq -nc '[{Config: "config.json", RepoTags: [$name], Layers: $ARGS.positional}]' --arg name "$name:1" \
    --args "${layers[@]}" > "$folder/manifest.json"
  tar -c -C "$folder" -f "/tmp/$name.tar" .
}

make_images() {
  mkdir -p /tmp/one/{bin,proc,sys,dev,tmp} /tmp/two /tmp/large /tmp/context
  cp /bin/busybox /tmp/one/bin
  local applet
  for applet in sh ls cat echo true sleep rm dd sync sha256sum; do ln -s busybox "/tmp/one/bin/$applet"; done
  echo two > /tmp/two/second
  archive app /tmp/one /tmp/two
  head -c 48M /dev/urandom > /tmp/large/large
  archive large /tmp/one /tmp/large
  echo copied > /tmp/context/copied
  printf '%s\n' 'FROM app:1' 'RUN echo built > /built' 'RUN dd if=/dev/urandom of=/random bs=1M count=8 && sync' \
    'COPY copied /copied' > /tmp/context/Dockerfile
}

# What the lab's kernel lacks: bridges with netfilter, systemd.
add_lab_settings() {
  jq '. + {iptables: false, ip6tables: false, bridge: "none", "exec-opts": ["native.cgroupdriver=cgroupfs"]}' \
    /etc/docker/daemon.json > /tmp/daemon.json && mv /tmp/daemon.json /etc/docker/daemon.json
}

prepare() {
  mkdir -p /var/lib/dmagents /var/lib/containerd /var/lib/docker /etc/containerd/conf.d /etc/docker
  mkfs.ext4 -q "$state" && mount "$state" /var/lib/dmagents
  mkfs.ext4 -q "$files" && mount "$files" /var/lib/containerd
  mkdir /var/lib/containerd/docker && mount --bind /var/lib/containerd/docker /var/lib/docker
  echo 'dmagents.pool.base-size = 512MiB' > /tmp/dmagents.conf
  make_images
  start_agent
  dmagent pool create main --data "$data" --metadata "$metadata" --quiet || give_up "no pool"

  dmagent containerd config > /etc/containerd/conf.d/dmagents.toml || give_up "no configuration for containerd"
  # CRI looks for a network that is not here.
  cat > /etc/containerd/config.toml << 'END'
version = 2
imports = ["/etc/containerd/conf.d/*.toml"]
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
END
  cp "$root/deploy/docker/daemon.json" /etc/docker/daemon.json
  add_lab_settings
  start_containerd
  start_docker
  docker version --format 'Docker {{.Server.Version}}, {{range .Server.Components}}{{.Name}} {{.Version}} {{end}}'
}
