#!/bin/bash
# Shows containerd with DmAgents, in a kernel of the lab (tests/lab): Debian's containerd and runc import a real image
# of four layers into a thin pool and run containers of it; the agent is killed and started again under them; the image
# is removed, and the pool is as empty as before. Takes two minutes once agent and image are built, longer on a busy
# machine. Ends with "demo: ok".
#
#   deploy/containerd/demo.sh                       with this machine's containerd
#   deploy/containerd/demo.sh --userland RELEASE    with that of another Debian release: trixie, sid
#
# Needs root, Debian 12 or later and the .NET SDK 10; installs what else it lacks by apt.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
userland=()
case $#,${1:-} in
  0,) ;;
  2,--userland) userland=(--userland "$2") ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
if [ "$(id -u)" != 0 ]; then
  echo "demo: pools are made by root; next: sudo $0" >&2
  exit 1
fi

tests/lab/install.sh
deploy/build.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
deploy/image/build.sh "$work/image" >&2
tar -C "$work/image" -cf "$work/image.tar" .
cp -r deploy/demo deploy/containerd "$work"

# No limit on the whole: what gets on is not killed, however slow the machine is.
tests/lab/run "${userland[@]}" --cgroups --memory 3G --disk 2G --disk 128M --disk 1G --disk 2G --share "$work" --silence 600 \
  --env BIN="$root/artifacts/bin" --env IMAGE="$work/image.tar" -- bash "$work/containerd/play.sh"
