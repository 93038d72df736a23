# The same suite against containerd's own devmapper snapshotter: shows that the recipe is right. Sourced.
# shellcheck shell=bash

thin_pool() {
  local table
  dd if=/dev/zero of="$metadata" bs=4k count=1 status=none
  table="0 $(blockdev --getsz "$data") thin-pool $metadata $data 128 32768 1 skip_block_zeroing"
  dmsetup create baseline --table "$table"
}

thin_pool || give_up "no thin pool" /dev/null
cat > /tmp/containerd.toml << END
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
[plugins."io.containerd.snapshotter.v1.devmapper"]
  root_path = "/var/lib/containerd/devmapper"
  pool_name = "baseline"
  base_image_size = "1GB"
END
start_containerd /tmp/containerd.toml
pass "containerd's devmapper" -socket /run/containerd/containerd.sock -snapshotter devmapper \
  -test.run '^(TestSuite|TestUsage)$'
