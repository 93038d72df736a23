#!/bin/bash
# The part of snapshots.sh that runs in the lab: disks, pools and configurations. Arguments: the benchmark, the
# directory of dmagentd, options of the benchmark.
set -euo pipefail
bench=$1 binaries=$2
shift 2
run=/run/bench
read -r floor agent containerd docker metadata agent_state containerd_state docker_state <<<"$LAB_DISKS"
mkdir -p $run /run/containerd

# Every pool's metadata is a quarter of one disk: a guest has no more of them.
quarter=$(($(blockdev --getsz "$metadata") / 4))
index=0
for name in floor agent containerd docker; do
  dmsetup create "bench-metadata-$name" --table "0 $quarter linear $metadata $((index++ * quarter))"
done
for name in containerd docker; do
  dmsetup create "bench-$name" --table \
    "0 $(blockdev --getsz "${!name}") thin-pool /dev/mapper/bench-metadata-$name ${!name} 128 1024 1 skip_block_zeroing"
done
for name in agent containerd docker; do
  state=${name}_state directory=/var/lib/${name/#agent/dmagents}
  mkfs.ext4 -q -F "${!state}" >&2
  mkdir -p "$directory"
  mount "${!state}" "$directory"
done

cat >$run/dmagents.conf <<'END'
dmagents.pool.base-size = "1GiB"
dmagents.log-level = "warning"
END
cat >$run/containerd.toml <<'END'
version = 2
disabled_plugins = [
  "io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs" ]
[plugins."io.containerd.snapshotter.v1.devmapper"]
  root_path = "/var/lib/containerd/devmapper"
  pool_name = "bench-containerd"
  base_image_size = "1GB"
[proxy_plugins.dmagents]
  type = "snapshot"
  address = "/run/dmagents/containerd.sock"
END

mkdir -p /var/lib/dmagents/bench
status=0
dotnet "$bench" snapshots --run $run --state /var/lib/dmagents/bench --binaries "$binaries" \
  --floor "$floor,/dev/mapper/bench-metadata-floor" --agent "$agent,/dev/mapper/bench-metadata-agent" \
  --image /mnt/bench/image --archive /mnt/bench/image.tar "$@" || status=$?
((status == 0)) || tail -n 15 $run/*.log >&2 || true
exit $status
