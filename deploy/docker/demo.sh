#!/bin/bash
# Shows Docker with DmAgents, in a kernel of the lab (tests/lab): Docker keeps images and containers in containerd's
# image store, and that in a thin pool. A real image is loaded, run, built upon and committed; the agent is killed under
# a running container; all is removed, and the pool is as empty as before. Takes two minutes once agent and image are
# built, longer on a busy machine. Ends with "demo: ok".
#
#   deploy/docker/demo.sh                       with Docker 26 of Debian 13
#   deploy/docker/demo.sh --userland RELEASE    with that of another Debian release: sid
#
# Needs root, Debian 12 or later and the .NET SDK 10; installs what else it lacks by apt.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
# Docker before 24 has no such store: Debian 12's is 20.10.
userland=trixie
case $#,${1:-} in
  0,) ;;
  2,--userland) userland=$2 ;;
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
# Docker finds an image by its full name only, which containerd takes from an annotation of its own.
jq '.manifests[].annotations["io.containerd.image.name"] = "docker.io/library/debian:demo"' "$work/image/index.json" \
  > "$work/index.json"
mv "$work/index.json" "$work/image/index.json"
tar -C "$work/image" -cf "$work/image.tar" .
cp -r deploy/demo deploy/docker "$work"

# No limit on the whole: what gets on is not killed, however slow the machine is.
tests/lab/run --userland "$userland" --cgroups --memory 3G --disk 2G --disk 128M --disk 2G --disk 2G \
  --share "$work" --silence 600 --env BIN="$root/artifacts/bin" --env IMAGE="$work/image.tar" \
  -- bash "$work/docker/play.sh"
