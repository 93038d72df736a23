#!/bin/bash
# The part of copies.sh that runs in the lab's hosts: begin, push or measure; then the shared directory; then the rounds.
set -euo pipefail
what=$1 work=$2
read -r data metadata state data2 metadata2 containers <<<"$LAB_DISKS"
name=10.77.0.254:5000/debian:demo

now() { echo "${EPOCHREALTIME/./}"; }

# Milliseconds of a command go to the list of a row.
timed() {
  local row=$1 begun
  shift
  begun=$(now)
  "$@" >>/run/log 2>&1 || { tail -20 /run/log >&2; exit 1; }
  echo "$row $((($(now) - begun) / 1000))" >>/run/times
}
median() { awk -v row="$1" '$1 == row { print $2 }' /run/times | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

begin() {
  hostname "$NAME"
  mkdir -p /var/lib/dmagents /var/lib/containerd /etc/containerd
  mkdir -p /etc/dmagents
  echo "dmagents { pool.base-size = 1GiB }" >/etc/dmagents/dmagents.conf
  mkfs.ext4 -q -F "$state" && mount "$state" /var/lib/dmagents
  mkfs.ext4 -q -F "$containers" && mount "$containers" /var/lib/containerd
  "$BIN/dmagentd" >/run/dmagentd.log 2>&1 &
  until grep -q "serves /run" /run/dmagentd.log; do
    kill -0 $! || { cat /run/dmagentd.log >&2; exit 1; }
    sleep 0.1
  done
  "$BIN/dmagent" pool create main --data "$data" --metadata "$metadata" --quiet
  dmsetup create own --table "0 $(blockdev --getsz "$data2") thin-pool $metadata2 $data2 128 32768 1 skip_block_zeroing"
  cat >/etc/containerd/config.toml <<'END'
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs"]
[plugins."io.containerd.snapshotter.v1.devmapper"]
  root_path = "/var/lib/containerd/devmapper"
  pool_name = "own"
  base_image_size = "1GB"
END
  containerd >/run/containerd.log 2>&1 &
  until ctr version >/dev/null 2>&1; do
    kill -0 $! || { cat /run/containerd.log >&2; exit 1; }
    sleep 0.2
  done
}

push() {
  ctr images import --no-unpack "$work/image.tar"
  ctr images tag docker.io/library/debian:demo $name 2>/dev/null || ctr images tag debian:demo $name
  ctr images push --plain-http $name
}

pull() {
  timed "$1" ctr images pull --plain-http --snapshotter "$1" $name
  ctr images rm --sync $name >>/run/log
  ctr leases create --id collect >>/run/log && ctr leases rm --sync collect >>/run/log
}

# The removed image's blocks are back, and its device is gone.
is_settled() { [ "$("$BIN/dmagent" layer list --quiet | wc -l)" = 0 ]; }

copy() {
  local before
  before=$(cat /sys/class/net/vec0/statistics/rx_bytes)
  timed copy "$BIN/dmagent" image copy debian:demo --from old --quiet
  received=$(($(cat /sys/class/net/vec0/statistics/rx_bytes) - before))
  mapped=$("$BIN/dmagent" image list --json | jq '[.. | .mapped_bytes? // empty] | max')
  "$BIN/dmagent" image remove debian:demo --quiet >>/run/log
  until is_settled; do sleep 0.5; done
}

measure() {
  local rounds=$1 round
  # The first round warms up and does not count.
  for round in $(seq 0 "$rounds"); do
    copy
    pull devmapper
    pull overlayfs
    [ "$round" != 0 ] || rm /run/times
  done
  printf '%s rounds, medians in milliseconds\n\n' "$rounds"
  printf '%-60s %8s\n' "from the blocks of another host" "$(median copy)"
  printf '%-60s %8s\n' "containerd's pull into its own devmapper" "$(median devmapper)"
  printf '%-60s %8s\n' "containerd's pull into overlayfs" "$(median overlayfs)"
  printf '\nfaster than devmapper %s x, than overlayfs %s x\n' \
    "$(echo "scale=2; $(median devmapper) / $(median copy)" | bc)" \
    "$(echo "scale=2; $(median overlayfs) / $(median copy)" | bc)"
  printf 'on the wire %s MiB for %s MiB of the image: %s\n' $((received >> 20)) $((mapped >> 20)) \
    "$(echo "scale=2; $received / $mapped" | bc)"
}

"$what" "${@:3}"
