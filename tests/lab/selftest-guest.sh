#!/usr/bin/env bash
# Run inside a guest by selftest.sh, with a data disk of 1 GiB and a metadata disk of 64 MiB: a thin pool, and file
# systems on thin devices, made with the ordinary tools.
set -euo pipefail
read -r data metadata <<<"$LAB_DISKS"
check() { if ! "${@:2}"; then echo "FAILED in the guest: $1"; exit 1; fi; }

check "the first disk has 1 GiB" [ "$(blockdev --getsize64 "$data")" = $((1 << 30)) ]
check "the second disk has 64 MiB" [ "$(blockdev --getsize64 "$metadata")" = $((64 << 20)) ]
check "there is no third disk" [ ! -e "${metadata%b}c" ]
check "/dev/shm is a tmpfs" [ "$(stat -fc %T /dev/shm)" = tmpfs ]
check "/tmp is a tmpfs" [ "$(stat -fc %T /tmp)" = tmpfs ]
check "lo is up" grep -q 1 /sys/class/net/lo/carrier
check "the root can be written to" touch /root-is-writable
for target in linear error thin-pool thin flakey delay log-writes; do
  check "target $target is loaded" grep -q "^$target " <(dmsetup targets)
done
check "modprobe finds modules" modprobe dm-era

dmsetup create pool --table "0 2097152 thin-pool $metadata $data 128 0 1 skip_block_zeroing"
free_blocks() { dmsetup status pool | cut -d' ' -f6 | cut -d/ -f1; }
for type in ext4 xfs; do
  # Otherwise a thread of the kernel writes inode tables while the blocks are counted.
  case $type in ext4) id=1 options="-E lazy_itable_init=0,lazy_journal_init=0" ;; xfs) id=2 options="" ;; esac
  dmsetup message pool 0 "create_thin $id"
  # 512 MiB each: together all of the pool, which thin provisioning does not mind.
  dmsetup create "thin$id" --table "0 1048576 thin /dev/mapper/pool $id"
  "mkfs.$type" -q $options "/dev/mapper/thin$id" 2>"/tmp/mkfs" || { cat /tmp/mkfs; exit 1; }
  mkdir -p "/mnt/$type"
  mount "/dev/mapper/thin$id" "/mnt/$type"
  check "$type is mounted" [ "$(findmnt -no FSTYPE "/mnt/$type")" = $type ]
  before=$(free_blocks)
  head -c 8M /dev/urandom >"/mnt/$type/file"
  sync -f "/mnt/$type"
  # 8 MiB are 128 blocks of 64 KiB; the file system's own come on top.
  used=$(($(free_blocks) - before))
  check "8 MiB in $type take 128 to 200 blocks, not $used" [ $used -ge 128 -a $used -le 200 ]
  sum=$(md5sum <"/mnt/$type/file")
  umount "/mnt/$type"
  mount "/dev/mapper/thin$id" "/mnt/$type"
  check "$type gives back what was written" [ "$(md5sum <"/mnt/$type/file")" = "$sum" ]
  umount "/mnt/$type"
  dmsetup remove "thin$id"
done
dmsetup remove pool
check "the pool's metadata is sound" thin_check -q "$metadata"

truncate -s 16M /tmp/file
loop=$(losetup --find --show /tmp/file)
check "a loop device has its file's size" [ "$(blockdev --getsize64 "$loop")" = $((16 << 20)) ]
losetup -d "$loop"
echo "guest: ok"
