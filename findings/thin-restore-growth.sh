#!/bin/bash
# Guess:  a thin pool whose metadata were made anew by thin_restore is like any other: if its data device grows, the pool
#         uses what was added.
# Is so:  after thin_restore 0.9.0 (Debian 12) a full pool stays full. It grows from 1000 to 4000 blocks, its status
#         says that 3000 of them are free, thin_check finds no fault, and not one can be written. 0.9.0 counts the free
#         blocks of the last bitmap up to the device's end; the kernel expects all 16,320 that a bitmap has room for,
#         does not touch the count when it grows, and passes over a bitmap that has none. Up to 1 GiB is lost so, in
#         blocks of 64 KiB. 1.1.0 (Debian 13) counts as the kernel does.
#
# Exit status 0 as long as that is so. Needs root, apt, the network and dmsetup; changes nothing of the machine.
set -euo pipefail
. "$(dirname "$(realpath "$0")")/lib/thin-tools.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
get_both
# A kernel with dm-thin, as a process.
get bookworm user-mode-linux=6.1um4+b13
modules=$(echo bookworm/root/usr/lib/uml/modules/*/kernel/drivers/md)

cat >full.xml <<'END'
<superblock uuid="" time="1" transaction="1" version="2" data_block_size="128" nr_data_blocks="1000">
<device dev_id="1" mapped_blocks="1000" transaction="1" creation_time="0" snap_time="0">
<range_mapping origin_begin="0" data_begin="0" length="1000" time="0"/>
</device>
</superblock>
END
cat >init <<END
#!/bin/sh
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
cd "$work/$modules"
for module in dm-mod dm-bufio dm-bio-prison persistent-data/dm-persistent-data dm-thin-pool; do insmod \$module.ko; done
export DM_DISABLE_UDEV=1
dmsetup create pool --table "0 \$((4000 * 128)) thin-pool /dev/ubda /dev/ubdb 128 0 2 skip_block_zeroing error_if_no_space"
dmsetup message pool 0 create_thin 2
dmsetup create thin --table "0 \$((500 * 128)) thin /dev/mapper/pool 2"
dd if=/dev/zero of=/dev/mapper/thin bs=64k count=500 oflag=direct status=none 2>/dev/null
echo "pool: \$(dmsetup status pool | cut -d ' ' -f 6) blocks in use"
echo o >/proc/sysrq-trigger
sleep 60
END
chmod +x init

used() {
  truncate -s 8M metadata
  tool "$1" thin_restore -q -i full.xml -o metadata
  tool "$1" thin_check -q metadata
  rm -f data
  truncate -s 250M data
  timeout 120 bookworm/root/usr/bin/linux.uml mem=256M root=/dev/root rootfstype=hostfs rootflags=/ ro init="$work/init" \
    ubd0=metadata ubd1=data con=null con0=null,fd:1 quiet </dev/null 2>/dev/null | tr -d '\r' | grep '^pool:'
  rm -f metadata
}
result=$(
  for suite in bookworm trixie; do
    echo "$(tool $suite thin_restore --version): 500 blocks are written after the growth; $(used $suite)"
  done
)
echo "$result"
[[ $result == "0.9.0: 500 blocks are written after the growth; pool: 1000/4000 blocks in use
1.1.0: 500 blocks are written after the growth; pool: 1500/4000 blocks in use" ]]
