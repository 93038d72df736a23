#!/bin/bash
# Measures how long it takes to find what changed in a large device, in the lab: the agent's reader of the pool's
# metadata beside thin_delta, in turn. See tests/Bench/README.md.
#
#   tests/Bench/deltas.sh              some minutes, once it is built
#   tests/Bench/deltas.sh --blocks N   of a device with so many blocks of 64 KiB; 1,600,000 unless told
#   tests/Bench/deltas.sh --changes N  of which so many changed; 100 unless told
#   tests/Bench/deltas.sh --rounds N   11 unless told
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
blocks=1600000
options=()
while (($#)); do
  case $1 in
    --blocks) blocks=${2:?$1 needs a value}; shift 2 ;;
    --changes | --rounds) options+=("$1" "${2:?$1 needs a value}"); shift 2 ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

"$root/tests/lab/install.sh" >&2
dotnet build "$here/DmAgents.Bench.csproj" -c Release --nologo -v quiet >&2

# The data disk is sparse, and nothing is written of what the device maps: thin_restore makes its mappings.
exec "$root/tests/lab/run" --memory 3G --timeout 1800 --disk "$((blocks / 16 + 1024))M" --disk 512M -- \
  bash -c '
    set -e
    read -r data metadata <<<"$LAB_DISKS"
    {
      printf "<superblock uuid=\"\" time=\"1\" transaction=\"1\" data_block_size=\"128\" nr_data_blocks=\"%d\">\n" "$1"
      printf "<device dev_id=\"1\" mapped_blocks=\"%d\" transaction=\"1\" creation_time=\"0\" snap_time=\"0\">\n" "$1"
      printf "<range_mapping origin_begin=\"0\" data_begin=\"0\" length=\"%d\" time=\"0\"/>\n" "$1"
      printf "</device>\n</superblock>\n"
    } >/run/deltas.xml
    thin_restore -i /run/deltas.xml -o "$metadata" >&2
    exec dotnet "$0" deltas --pool "$data,$metadata" "${@:2}"
  ' "$here/bin/Release/net10.0/DmAgents.Bench.dll" "$blocks" "${options[@]}"
