#!/bin/bash
# What run.sh does in a guest of the lab. Given by it: BIN_AGENT and BIN_CLI (where dmagentd and dmagent are), LAB_DISKS
# (data and metadata of a thin pool, Docker's files, the agent's state, a disk for LVM), MODES (loop, thinpool, lvm).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
read -r data metadata files state volumes <<< "$LAB_DISKS"
. "$here/checks.sh"

docker() { /usr/bin/docker "$@"; }

# "docker_daemon ROOT OPTION...": in the foreground.
docker_daemon() {
  local root=$1
  shift
  dockerd --data-root "$root" -s devicemapper --storage-opt dm.basesize=256M --storage-opt dm.fs=ext4 \
    --storage-opt dm.override_udev_sync_check=true "$@" --iptables=false --bridge=none \
    --exec-opt native.cgroupdriver=cgroupfs >> /tmp/dockerd.log 2>&1
}

start_docker() {
  docker_daemon "$@" &
  DOCKER=$(await 5 pgrep -n -P $! dockerd && pgrep -n -P $! dockerd)
  await 60 docker version || give_up "Docker does not come up"
}

stop_docker() {
  kill "$DOCKER"
  await 30 gone "$DOCKER"
}

# Names, types, modes, owners and content of a tree.
tree_of() {
  (cd "$1" && {
    find . -mindepth 1 ! -type f -printf '%y %m %U %G %p %l\n'
    find . -type f -printf 'f %m %U %G %p\n'
    find . -type f -exec sha256sum {} +
  } | sort | sha256sum)
}

# The same of a container, through Docker.
docker_tree() {
  rm -rf /tmp/export
  mkdir /tmp/export
  docker export "$1" | tar -x -p --numeric-owner -C /tmp/export
  tree_of /tmp/export
}

# The archive of an image of three layers, as docker save writes it; its tree is in /tmp/expected. Docker's builder would
# take a container for each layer, and minutes.
make_image() {
  mkdir -p /tmp/image/{one,two,three} /tmp/expected /tmp/archive
  head -c 3M /dev/urandom > /tmp/image/one/large
  ln -s large /tmp/image/one/link
  echo two > /tmp/image/two/small
  chmod 711 /tmp/image/two/small
  mkdir -m 1777 /tmp/image/three/directory
  echo replaced > /tmp/image/three/large
  cp -a /tmp/image/one/. /tmp/image/two/. /tmp/image/three/. /tmp/expected
  local layer digests=()
  for layer in one two three; do
    tar -c --owner 0 --group 0 -C "/tmp/image/$layer" -f "/tmp/archive/$layer.tar" .
    digests+=("sha256:$(sha256sum < "/tmp/archive/$layer.tar" | cut -d ' ' -f 1)")
  done
  jq -nc '{architecture: "amd64", os: "linux", config: {Cmd: ["/none"]}, rootfs: {type: "layers", diff_ids: $ARGS.positional}}' \
    --args "${digests[@]}" > /tmp/archive/config.json
  echo '[{"Config":"config.json","RepoTags":["app:1"],"Layers":["one.tar","two.tar","three.tar"]}]' > /tmp/archive/manifest.json
  tar -c -C /tmp/archive -f /tmp/image.tar .
}

# The image, and two stopped containers of it, one of them written into.
fill_docker() {
  docker load -q -i /tmp/image.tar && docker create --name web app:1 && docker create --name idle app:1 &&
    echo written > /tmp/written && docker cp /tmp/written web:/directory/written
}

# What Docker knows of devices, images and containers, without the blocks of its pool. A start that fails already writes
# into its databases of volumes and of the builder.
files_of() {
  (cd "$1" && find devicemapper image containers -type f ! -path 'devicemapper/devicemapper/*' -exec sha256sum {} + |
    sort | sha256sum)
}

transaction_of() { dmsetup status "$1" | cut -d ' ' -f 4; }
used_of() { dmagent pool show "$1" --json | jq '.data.used_bytes'; }
list_images() { dmagent image list --pool "$1" --json | jq -r '.images[].reference' | sort | paste -sd ' '; }
list_containers() { dmagent container list --pool "$1" --json | jq -r '.containers[].name' | sort | paste -sd ' '; }

# Refused in this state, with this word in the reason. "refused WORD COMMAND..."
refused() {
  local word=$1 status
  shift
  "$@" > /tmp/refused.log 2>&1
  status=$?
  cat /tmp/refused.log
  [ $status = 4 ] && grep -q -- "$word" /tmp/refused.log
}

# "mounted_is POOL CONTAINER TREE"
mounted_is() {
  local directory
  directory=$(dmagent container mount "$2" --read-only --quiet --pool "$1") && ls -la "$directory" &&
    equal "$(tree_of "$directory")" "$3" && dmagent container unmount "$2" --pool "$1"
}

new_container_is() {
  local directory
  directory=$(dmagent container create "$2" --image app:1 --mount --quiet --pool "$1") && ls -la "$directory" &&
    equal "$(tree_of "$directory")" "$3" && echo here > "$directory/here"
}

mkdir -p /var/lib/docker /var/lib/dmagents
mkfs.ext4 -q "$files" && mount "$files" /var/lib/docker
mkfs.ext4 -q "$state" && mount "$state" /var/lib/dmagents
echo 'dmagents.pool.base-size = 256MiB' > /tmp/dmagents.conf
make_image
start_agent
for mode in $MODES; do
  . "$here/guest-$mode.sh"
done
finish
