#!/bin/bash
# Measures what a large deletion costs those who work in the same pool meanwhile, in the lab: the agent's way beside
# Docker's and containerd's; prints one table. See tests/Bench/README.md.
#
#   tests/Bench/deletions.sh             about a quarter of an hour, once it is built
#   tests/Bench/deletions.sh --rounds N  so many deletions of each kind; 3 unless told
#   tests/Bench/deletions.sh --gib N     of devices of this size; 20 unless told
#   tests/Bench/deletions.sh --json      for machines
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
options=()
while (($#)); do
  case $1 in
    --json) options+=("$1"); shift ;;
    --rounds | --gib) options+=("$1" "${2:?$1 needs a value}"); shift 2 ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

"$root/tests/lab/install.sh" >&2
dotnet build "$here/DmAgents.Bench.csproj" -c Release --nologo -v quiet >&2

# The data disk is sparse: of each block of 64 KiB a page is written.
exec "$root/tests/lab/run" --memory 3G --timeout 3600 --disk 64G --disk 256M --disk 2G -- \
  bash -c '
    set -e
    read -r data metadata state <<<"$LAB_DISKS"
    mkfs.ext4 -q -F "$state" >&2
    mkdir -p /run/bench
    mount "$state" /run/bench
    exec dotnet "$0" deletions --state /run/bench --pool "$data,$metadata" "$@"
  ' "$here/bin/Release/net10.0/DmAgents.Bench.dll" "${options[@]}"
