#!/bin/bash
# Guess:  `thin_restore --nr-data-blocks N` ("Override the number of data blocks if needed") restores a text whose
#         nr_data_blocks is wrong, such as the 0 that every dump of a metadata snapshot has.
# Is so:  0.9.0 (Debian 12) does. 1.1.0 (Debian 13) overrides the superblock alone, sizes the data's space map by the text
#         and ends with "block out of bounds", status 64, at the first mapping; so no dump of a live pool can be restored
#         by it until the number is written into the text.
#
# Exit status 0 as long as that is so. Needs apt and the network; changes nothing of the machine.
set -euo pipefail
. "$(dirname "$(realpath "$0")")/lib/thin-tools.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
get_both

# As thin_dump --metadata-snap writes it, of either version.
text() {
  echo "<superblock uuid=\"\" time=\"0\" transaction=\"1\" flags=\"0\" version=\"2\" data_block_size=\"128\""
  echo "  nr_data_blocks=\"$1\">"
  echo '<device dev_id="1" mapped_blocks="1" transaction="0" creation_time="0" snap_time="0">'
  echo '<single_mapping origin_block="0" data_block="7" time="0"/>'
  echo '</device>'
  echo '</superblock>'
}

restored() {
  local status=0
  text "$2" >text.xml
  rm -f metadata
  truncate -s 4M metadata
  tool "$1" thin_restore --nr-data-blocks 1000 -i text.xml -o metadata >log 2>&1 || status=$?
  echo "$(tool "$1" thin_restore --version): text says $2, option 1000: status $status$(
    sed -n 's/.*\(block out of bounds\).*/, \1/p' log)"
}
result=$(for suite in bookworm trixie; do restored $suite 1000; restored $suite 0; done)
echo "$result"
[[ $result == "0.9.0: text says 1000, option 1000: status 0
0.9.0: text says 0, option 1000: status 0
1.1.0: text says 1000, option 1000: status 0
1.1.0: text says 0, option 1000: status 64, block out of bounds" ]]
