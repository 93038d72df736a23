#!/bin/bash
# Guess:  thin_repair of thin-provisioning-tools 1.1.0 (Debian 13) saves at least what 0.9.0 (Debian 12) saves.
# Is so:  one damaged leaf of one device's mappings, and 1.1.0 saves none of the devices: "no compatible roots found",
#         status 64. 0.9.0 saves all of them, the one concerned without the mappings of that leaf. With a damaged node of
#         the device details it is the other way round: 1.1.0 saves all devices, 0.9.0 none, with status 0.
#
# Exit status 0 as long as that is so. Needs apt, the network, xz and python3; changes nothing of the machine.
set -euo pipefail
. "$(dirname "$(realpath "$0")")/lib/thin-tools.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
get_both

python3 - >six.xml <<'END'
print('<superblock uuid="" time="1" transaction="5" flags="0" version="2" data_block_size="128" nr_data_blocks="100000">')
for device in range(6):
    print(f'<device dev_id="{device + 1}" mapped_blocks="3000" transaction="2" creation_time="0" snap_time="0">')
    for i in range(3000):
        print(f'<single_mapping origin_block="{2 * i}" data_block="{6000 * device + 2 * i}" time="0"/>')
    print('</device>')
print('</superblock>')
END
truncate -s 8M sound
tool bookworm thin_restore -q -i six.xml -o sound
tool bookworm thin_check -q sound && tool trixie thin_check -q sound

# Where the node is: the fourth leaf of device 3, or the device details.
nodes=$(python3 - <<'END'
import struct
data = open('sound', 'rb').read()
def values(block):
    at = block * 4096
    entries, most, size = struct.unpack_from('<III', data, at + 16)
    return [struct.unpack_from('<Q', data, at + 32 + 8 * most + size * i)[0] for i in range(entries)]
mappings, details = struct.unpack_from('<QQ', data, 320)
print(values(values(mappings)[2])[3], details)
END
)
read -r leaf details <<<"$nodes"

# saved SUITE NODE: what thin_repair says and how many devices it saves
saved() {
  local status=0
  cp sound damaged
  printf 'damaged damaged ' | dd of=damaged bs=1 seek=$(($2 * 4096 + 100)) conv=notrunc status=none
  rm -f repaired
  truncate -s 8M repaired
  tool "$1" thin_repair -i damaged -o repaired >log 2>&1 || status=$?
  echo "status $status, $(tool bookworm thin_dump repaired 2>/dev/null | grep -c '<device ' || true) devices"
}
result=$(
  for suite in bookworm trixie; do
    echo "$(tool $suite thin_repair --version): leaf of one device: $(saved $suite "$leaf")"
    echo "$(tool $suite thin_repair --version): device details: $(saved $suite "$details")"
  done
)
echo "$result"
[[ $result == "0.9.0: leaf of one device: status 0, 6 devices
0.9.0: device details: status 0, 0 devices
1.1.0: leaf of one device: status 64, 0 devices
1.1.0: device details: status 0, 6 devices" ]]
