#!/bin/bash
# Measures the agent's operations against the bare kernel calls, in the lab; prints one table. See tests/Bench/README.md.
#
#   tests/Bench/run.sh            about nine minutes (`--quick`: four), once it is built
#   tests/Bench/run.sh --quick    a quarter of the operations: whether it works, rather than how fast
#   tests/Bench/run.sh --json     for machines
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
for option; do
  case $option in
    --quick | --json) ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

"$root/tests/lab/install.sh" >&2
dotnet build "$here/DmAgents.Bench.csproj" -c Release --nologo -v quiet >&2

# Two pools of the same shape, and a formatted disk for the journals.
exec "$root/tests/lab/run" --clock --memory 3G --timeout 1200 \
  --disk 2G --disk 128M --disk 2G --disk 128M --disk 2G -- \
  bash -c '
    set -e
    read -r data1 metadata1 data2 metadata2 state <<<"$LAB_DISKS"
    mkfs.ext4 -q -F "$state" >&2
    mkdir -p /run/bench
    mount "$state" /run/bench
    exec dotnet "$0" --state /run/bench --bare "$data1,$metadata1" --actors "$data2,$metadata2" "$@"
  ' "$here/bin/Release/net10.0/DmAgents.Bench.dll" "$@"
