#!/bin/bash
# Measures `container create --mount` through the admin API, an earlier build of the daemon beside the present one:
# alone, with 10,000 devices more in the pool, and while a backup of them runs. In the lab. See tests/Bench/README.md.
#
#   tests/Bench/creates.sh [--before COMMIT] [--count N] [--devices N] [--backup-seconds N] [--kernel-clock]
#                             COMMIT: 4b007d6 unless told; --kernel-clock: each reading of the clock is a system call
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
before=4b007d6 options=() clock=(--clock)
while (($#)); do
  case $1 in
    --kernel-clock) clock=(); shift ;;
    --before) before=${2:?--before needs a commit}; shift 2 ;;
    --count | --devices | --backup-seconds) options+=("$1" "${2:?$1 needs a number}"); shift 2 ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
work=$(mktemp -d "${TMPDIR:-/var/tmp}/dmagents-creates.XXXXXX")
trap 'git -C "$root" worktree remove --force "$work/source" 2>/dev/null; rm -rf "$work"' EXIT

"$root/tests/lab/install.sh" >&2
earlier=$root/artifacts/bin-$before
if [[ ! -e $earlier/.built ]]; then
  git -C "$root" worktree add --quiet --detach "$work/source" "$before"
  "$work/source/deploy/build.sh" "$earlier" >&2
fi
"$root/deploy/build.sh" "$root/artifacts/bin" >&2
dotnet build "$here/DmAgents.Bench.csproj" -c Release --nologo -v quiet >&2
mkdir -p "$work/root/etc"
# Files with holes between them, so that the image has some hundred mappings.
for i in {1..200}; do
  head -c 100000 /dev/urandom >"$work/root/etc/file$i"
done
tar -C "$work/root" -cf "$work/image.tar" etc

"$root/tests/lab/run" "${clock[@]}" --memory 4G --timeout 3600 --share "$work:/mnt/bench" \
  --disk 4G --disk 512M --disk 4G --disk 512M --disk 6G -- \
  bash -c '
    set -e
    bench=$0 earlier=$1 present=$2
    shift 2
    read -r data1 metadata1 data2 metadata2 state <<<"$LAB_DISKS"
    mkfs.ext4 -q -F "$state" >&2
    mkdir -p /run/bench
    mount "$state" /run/bench
    status=0
    dotnet "$bench" creates --run /run/bench --archive /mnt/bench/image.tar --before "$earlier,$data1,$metadata1" \
      --new "$present,$data2,$metadata2" "$@" || status=$?
    ((status == 0)) || tail -n 15 /run/bench/*/dmagentd.log >&2 || true
    exit $status
  ' "$here/bin/Release/net10.0/DmAgents.Bench.dll" "$earlier" "$root/artifacts/bin" "${options[@]}"
