#!/bin/bash
# Measures how long it takes to bring a Debian image onto a disk, in the lab: `dmagent image import` of this checkout, of
# an older commit, and `umoci unpack` onto ext4, in turn, in one kernel; prints one table. See tests/Bench/README.md.
#
#   tests/Bench/imports.sh                    once it is built, some minutes
#   tests/Bench/imports.sh --baseline COMMIT  beside the agent of this commit; none unless told
#   tests/Bench/imports.sh --rounds N         so many imports by each; 5 unless told
#   tests/Bench/imports.sh --parts            where the time of one import goes, instead
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/dmagents-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
baseline='' rounds=5 parts=no
while (($#)); do
  case $1 in
    --baseline) baseline=${2:?--baseline needs a commit}; shift 2 ;;
    --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
    --parts) parts=yes; shift ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

"$root/tests/lab/install.sh" >&2
"$root/deploy/image/build.sh" "$work/image" >&2
if [ $parts = yes ]; then
  dotnet build "$here/DmAgents.Bench.csproj" -c Release --nologo -v quiet >&2
  exec "$root/tests/lab/run" --memory 3G --timeout 1800 --share "$work:/mnt/bench" --disk 3G -- \
    bash -c '
      set -e
      mkfs.ext4 -q -F "$LAB_DISKS" >&2
      mkdir -p /run/bench
      mount "$LAB_DISKS" /run/bench
      exec dotnet "$0" imports --image /mnt/bench/image --work /run/bench --rounds "$1"
    ' "$here/bin/Release/net10.0/DmAgents.Bench.dll" "$rounds"
fi

"$root/deploy/build.sh" "$root/artifacts/bin" >&2
sides=("new=$root/artifacts/bin")
if [ -n "$baseline" ]; then
  # A build of its own outlives the run: the same commit is the same build.
  built=${DMAGENTS_CACHE:-$HOME/.cache/dmagents}/bin-$(git -C "$root" rev-parse "$baseline^{commit}")
  if [ ! -x "$built/dmagentd" ]; then
    mkdir -p "$work/source"
    git -C "$root" archive "$baseline" | tar -x -C "$work/source"
    "$work/source/deploy/build.sh" "$built" >&2
  fi
  sides+=("old=$built")
fi

# For each agent a disk of data, of metadata and of its state; one for umoci.
disks=()
for _ in "${sides[@]}"; do disks+=(--disk 3G --disk 128M --disk 1G); done
"$root/tests/lab/run" --memory 3G --timeout 3600 --share "$work:/mnt/bench" "${disks[@]}" --disk 3G -- \
  "$here/imports-guest.sh" /mnt/bench/image "$rounds" "${sides[@]}"
