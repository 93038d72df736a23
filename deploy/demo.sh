#!/bin/bash
# Shows what DmAgents does, on real thin pools in a real kernel, with a real Debian image: makes pools, imports the
# image, runs programs in containers, grows a pool under load, kills the agent in mid-work, pulls the plug of a host in
# mid-work, and proves that nothing is lost. Takes under four minutes once agent and image are built, longer on a busy
# machine. Ends with "demo: ok".
#
#   deploy/demo.sh             on this machine's kernel where it has dm-thin, else in a kernel of the lab (tests/lab)
#   deploy/demo.sh --lab       in the lab in any case
#
# Needs root, Debian 12 or later and the .NET SDK 10; installs what else it lacks by apt.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
where=--auto
case ${1:-} in
  '') ;;
  --lab) where= ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
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
rm -rf "$work/acts" && cp -r deploy/demo "$work/acts"

# No limit on the whole: what gets on is not killed, however slow the machine is.
# shellcheck disable=SC2086
tests/lab/run $where --memory 3G --disk 2G --disk 128M --disk 1G --disk 6G --share "$work" --silence 600 \
  --env BIN="$root/artifacts/bin" --env IMAGE="$work/image" -- bash "$work/acts/play.sh"
# A machine that loses its power is one of the lab in any case.
deploy/demo/power.sh "$root/artifacts/bin"
echo
echo "demo: ok"
