#!/bin/bash
# What storm.sh does in a guest of the lab. Given by it: STORM (the compiled program), BIN_AGENT and BIN_CLI (where
# dmagentd and dmagent are), RUNS, SEED, SIDES, LAB_DISKS (data and metadata of either side, and what they write).
set -euo pipefail
read -r agent_data agent_metadata containerd_data containerd_metadata agent_state containerd_state <<< "$LAB_DISKS"
export TMPDIR=/tmp
kills=3

give_up() {
  echo "storm: $1" >&2
  tail -n 30 "$2" >&2
  exit 1
}

prepare_agent() {
  mkdir -p /var/lib/dmagents
  mkfs.ext4 -q "$agent_state"
  mount "$agent_state" /var/lib/dmagents
  echo 'dmagents.pool.base-size = 1GiB' > /tmp/dmagents.conf
}

# A new pool; the program that storms starts the agent itself.
empty_agent() {
  rm -f /run/dmagents/admin.sock
  "$BIN_AGENT/dmagentd" --config /tmp/dmagents.conf >> /tmp/agent.log 2>&1 &
  local agent=$! tenths=600
  until [[ -S /run/dmagents/admin.sock ]]; do
    ((tenths-- > 0)) || give_up "the agent does not come up" /tmp/agent.log
    sleep 0.1
  done
  "$BIN_CLI/dmagent" pool remove main --force > /dev/null 2>&1 || true
  "$BIN_CLI/dmagent" pool create main --data "$agent_data" --metadata "$agent_metadata" > /tmp/created 2>&1 ||
    give_up "no pool" /tmp/created
  kill $agent
  wait $agent
}

prepare_containerd() {
  cat > /tmp/containerd.toml << END
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
[plugins."io.containerd.snapshotter.v1.devmapper"]
  root_path = "/var/lib/containerd/devmapper"
  pool_name = "storm"
  base_image_size = "1GB"
END
  mkdir -p /var/lib/containerd
}

empty_containerd() {
  local sectors
  sectors=$(blockdev --getsz "$containerd_data")
  dmsetup ls | awk '/^storm-snap/ { print $1 }' | xargs -r -n 1 dmsetup remove --force
  dmsetup remove storm 2> /dev/null || true
  umount /var/lib/containerd 2> /dev/null || true
  mkfs.ext4 -q -F "$containerd_state"
  mount "$containerd_state" /var/lib/containerd
  dd if=/dev/zero of="$containerd_metadata" bs=4k count=1 status=none
  dmsetup create storm --table \
    "0 $sectors thin-pool $containerd_metadata $containerd_data 128 1024 1 skip_block_zeroing"
}

# "storm SIDE SEED": a line of JSON.
storm() {
  local common=(-kills $kills -seed "$2" -log "/tmp/$1.log")
  if [[ $1 = agent ]]; then
    "$STORM" "${common[@]}" -snapshotter dmagents -socket /run/dmagents/containerd.sock \
      -pool dmagents-main-pool -metadata /dev/mapper/dmagents-main-meta \
      "$BIN_AGENT/dmagentd" --config /tmp/dmagents.conf
  else
    "$STORM" "${common[@]}" -snapshotter devmapper -socket /run/containerd/containerd.sock -pool storm \
      -metadata "$containerd_metadata" -database /var/lib/containerd/devmapper/storm.db \
      containerd --config /tmp/containerd.toml
  fi
}

for side in $SIDES; do
  "prepare_$side"
  for ((run = 0; run < RUNS; run++)); do
    "empty_$side"
    storm "$side" $((SEED + run)) | tee -a /tmp/reports
  done
done
"$STORM" -table < /tmp/reports
