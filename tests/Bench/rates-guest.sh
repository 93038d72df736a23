#!/bin/bash
# The part of rates.sh that runs in the lab's hosts: what to do; the shared directory; then what that takes.
set -euo pipefail
what=$1 work=$2
shift 2
read -r data metadata state data2 metadata2 <<<"$LAB_DISKS"
nc=$work/nc/bin/nc.openbsd port=9400

begin() {
  hostname "$NAME"
  mkdir -p /var/lib/dmagents /etc/dmagents
  echo "dmagents { pool.base-size = 1GiB }" >/etc/dmagents/dmagents.conf
  mkfs.ext4 -q -F "$state" && mount "$state" /var/lib/dmagents
  "$BIN/dmagentd" >/run/dmagentd.log 2>&1 &
  until grep -q "serves /run" /run/dmagentd.log; do
    kill -0 $! || { cat /run/dmagentd.log >&2; exit 1; }
    sleep 0.1
  done
  "$BIN/dmagent" pool create main --data "$data" --metadata "$metadata" --quiet
  dmsetup create own --table "0 $(blockdev --getsz "$data2") thin-pool $metadata2 $data2 128 32768 1 skip_block_zeroing"
}

# MiB of blocks that the image has.
mapped() { "$BIN/dmagent" image list --json | jq '[.. | .mapped_bytes? // empty] | max / 1048576 | floor'; }

# A device of a thin pool for dd: whole on the host that sends, new and without blocks on the other.
raw() {
  [ ! -e /dev/mapper/raw ] || { dmsetup remove raw && dmsetup message own 0 "delete 1"; }
  dmsetup message own 0 "create_thin 1"
  dmsetup create raw --table "0 2097152 thin /dev/mapper/own 1"
  [ "$NAME" != first ] || dd if=/dev/zero of=/dev/mapper/raw bs=1M count="$1" oflag=direct status=none
}

receive() { "$nc" -l "$port" | dd of=/dev/mapper/raw bs=1M count="$1" iflag=fullblock oflag=direct conv=fsync status=none; }
send() { dd if=/dev/mapper/raw bs=1M count="$1" iflag=direct status=none | "$nc" -N "$2" "$port"; }
listens() { until grep -qi ":$(printf %04X "$port") .* 0A " /proc/net/tcp /proc/net/tcp6; do sleep 0.1; done; }
sent() { cat /sys/class/net/vec0/statistics/tx_bytes; }

# The removed image's blocks are back, and its devices are gone.
forget() {
  "$BIN/dmagent" image remove debian:demo --quiet
  until [ "$("$BIN/dmagent" layer list --quiet | wc -l)" = 0 ]; do sleep 0.5; done
}

"$what" "$@"
