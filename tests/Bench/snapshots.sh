#!/bin/bash
# Measures the agent's snapshot service against containerd's devmapper snapshotter, Docker's devicemapper driver and the
# bare kernel calls, in the lab; prints one table. See tests/Bench/README.md.
#
#   tests/Bench/snapshots.sh                  about an hour, once it is built
#   tests/Bench/snapshots.sh --quick          a tenth of it: whether it works, rather than how fast
#   tests/Bench/snapshots.sh --json           for machines
#   tests/Bench/snapshots.sh --plot FILE      a picture besides (SVG)
#   tests/Bench/snapshots.sh --stock N        a row more: prepares from a stock of N ready snapshots
#   tests/Bench/snapshots.sh --parts A,B      only these of: rounds bursts returns chain unpack forks stock many
#   tests/Bench/snapshots.sh --qemu           in QEMU, kernel 6.12 and two CPUs, ten to twenty times slower
#   tests/Bench/snapshots.sh --kernel-clock   each reading of the clock is a system call, as User Mode Linux has it
#   tests/Bench/snapshots.sh --sides A,B      only these of: floor agent agent-proxied containerd docker
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/dmagents-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
options=() plot='' hypervisor=() clock=(--clock)
while (($#)); do
  case $1 in
    --quick | --json) options+=("$1"); shift ;;
    --stock | --parts | --sides) options+=("$1" "${2:?$1 needs a value}"); shift 2 ;;
    --qemu) hypervisor=(--qemu) clock=(); shift ;;
    --kernel-clock) clock=(); shift ;;
    --plot) plot=${2:?--plot needs a file}; options+=(--plot /mnt/bench/plot.svg); shift 2 ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

"$root/tests/lab/install.sh" "${hypervisor[@]}" >&2
"$root/tests/lab/install.sh" --rivals >&2
"$root/deploy/build.sh" "$root/artifacts/bin" >&2
dotnet publish "$here/DmAgents.Bench.csproj" -c Release -r "linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')" \
  --self-contained false --nologo -v quiet -o "$root/artifacts/bench" >&2
"$root/deploy/image/build.sh" "$work/image" >&2
# One archive for both: containerd reads the OCI layout in it, Docker 20.10 its own manifest of the same blobs.
manifest=$work/image/blobs/$(jq -r '.manifests[0].digest' "$work/image/index.json" | tr : /)
jq '[{
  Config: ("blobs/" + (.config.digest | sub(":"; "/"))), RepoTags: ["debian:demo"],
  Layers: [.layers[].digest | "blobs/" + sub(":"; "/")] }]' "$manifest" >"$work/image/manifest.json"
tar -C "$work/image" -cf "$work/image.tar" .

# Data disks of the four pools; one disk with their metadata; a disk each for what the three systems write.
"$root/tests/lab/run" "${hypervisor[@]}" "${clock[@]}" --memory 4G --timeout 7200 --cgroups --share "$work:/mnt/bench" \
  --disk 6G --disk 6G --disk 6G --disk 6G --disk 1G --disk 4G --disk 4G --disk 4G -- \
  "$here/snapshots-guest.sh" "$root/artifacts/bench/DmAgents.Bench.dll" "$root/artifacts/bin" "${options[@]}"
[[ -z $plot ]] || cp "$work/plot.svg" "$plot"
