#!/bin/bash
# Guess:  fsfreeze (and a suspend by device-mapper, which freezes, too) makes a file system consistent on its disk, as an
#         unmount does. A snapshot taken then can be mounted read-only, from a device that is read-only.
# Is so:  of ext4 it can. XFS leaves its log to be replayed after every freeze, also if nothing is written: the kernel
#         refuses to mount the snapshot from a read-only device (it would have to write). The option norecovery mounts it.
#         Mounted once from a writable device, the log is replayed, and from then on the read-only mount works.
#
# Exit status 0 as long as that is so. Needs root, apt, the network, fsfreeze and blockdev; changes nothing of the machine.
set -euo pipefail
. "$(dirname "$(realpath "$0")")/lib/thin-tools.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# The programs, and a kernel with both file systems, as a process.
get bookworm xfsprogs=6.1.0-1 e2fsprogs=1.47.0-2+b2 user-mode-linux=6.1um4+b13 libinih1 liburcu8 libuuid1 libblkid1 \
  libext2fs2 libcom-err2 libss2 libc6
made() {
  bookworm/root/lib64/ld-linux-x86-64.so.2 --library-path \
    "$work/bookworm/root/lib/x86_64-linux-gnu:$work/bookworm/root/usr/lib/x86_64-linux-gnu" \
    "bookworm/root/sbin/mkfs.$1" -q "$1.img"
}

cat >init <<'END'
#!/bin/sh
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /mnt
mkdir /mnt/a /mnt/b
mount -t $type /dev/ubda /mnt/a
fsfreeze -f /mnt/a
dd if=/dev/ubda of=/dev/ubdb bs=1M oflag=direct conv=fsync status=none
fsfreeze -u /mnt/a
umount /mnt/a
tried() {
  if mount -t $type -o "$2" /dev/ubdb /mnt/b 2>/dev/null; then umount /mnt/b; echo "$type: $1: mounted"
  else echo "$type: $1: refused"; fi
}
blockdev --setro /dev/ubdb
tried "read-only, of a read-only device" ro
[ $type = ext4 ] || tried "the same with norecovery" ro,norecovery
blockdev --setrw /dev/ubdb
tried "writable" rw
blockdev --setro /dev/ubdb
tried "after that, read-only, of a read-only device" ro
echo o >/proc/sysrq-trigger
sleep 60
END
chmod +x init

result=$(
  for type in ext4 xfs; do
    truncate -s 320M "$type.img" copy.img
    made "$type"
    timeout 120 bookworm/root/usr/bin/linux.uml mem=512M root=/dev/root rootfstype=hostfs rootflags=/ ro \
      init="$work/init" "type=$type" ubd0="$type.img" ubd1=copy.img con=null con0=null,fd:1 quiet </dev/null 2>/dev/null \
      | tr -d '\r' | grep "^$type:"
    rm -f copy.img
  done
)
echo "Linux $(basename bookworm/root/usr/lib/uml/modules/*)"
echo "$result"
[[ $result == "ext4: read-only, of a read-only device: mounted
ext4: writable: mounted
ext4: after that, read-only, of a read-only device: mounted
xfs: read-only, of a read-only device: refused
xfs: the same with norecovery: mounted
xfs: writable: mounted
xfs: after that, read-only, of a read-only device: mounted" ]]
