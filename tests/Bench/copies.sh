#!/bin/bash
# Measures how long it takes to bring a Debian image to a new host, in the lab: `dmagent image copy` from the blocks of
# another host, beside containerd's pull from a registry into its own devmapper snapshotter and into overlayfs, in turn, on
# one host; and what the copy takes of the wire. Prints one table. See tests/Bench/README.md.
#
#   tests/Bench/copies.sh              some minutes, once it is built
#   tests/Bench/copies.sh --rounds N   so many of each; 5 unless told
#
# Takes Debian's docker-registry by apt, without installing it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=5
while (($#)); do
  case $1 in
    --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
"$root/tests/lab/install.sh" >&2
"$root/deploy/build.sh" >&2
DMAGENTS_LAB_DIR=$(mktemp -d /tmp/dmcopies.XXXXXX)
export DMAGENTS_LAB_DIR
work=$DMAGENTS_LAB_DIR/work
mkdir -p "$work/registry/data"
lab() { "$root/tests/lab/host" "$@"; }
registry=''
clear_away() {
  [ -z "$registry" ] || kill "$registry" 2>/dev/null || true
  for host in old new; do lab rm $host >/dev/null 2>&1 || true; done
  lab net down >/dev/null 2>&1 || true
  rm -rf "$DMAGENTS_LAB_DIR"
}
trap clear_away EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$root/deploy/image/build.sh" "$work/image" >&2
tar -chf "$work/image.tar" -C "$work/image" .
(cd "$work/registry" && apt-get download -q -o APT::Sandbox::User=root docker-registry >/dev/null && dpkg -x ./*.deb .)
cat >"$work/registry/config.yml" <<END
version: 0.1
storage: { filesystem: { rootdirectory: $work/registry/data } }
http: { addr: "10.77.0.254:5000" }
END
lab net up
lab net exec -- "$work/registry/usr/bin/docker-registry" serve "$work/registry/config.yml" >"$work/registry/log" 2>&1 &
registry=$!
disks=(--disk 2G --disk 64M --disk 1G --disk 2G --disk 64M --disk 4G)
for host in old new; do
  lab start $host --memory 2G "${disks[@]}" --cgroups --net --share "$work" --env "BIN=$root/artifacts/bin" --env "NAME=$host"
  lab exec $host --timeout 0 --silence 300 -- bash "$here/copies-guest.sh" begin "$work" >&2
done
on() {
  local host=$1
  shift
  lab exec "$host" --timeout 0 --silence 600 -- "$@"
}
BIN=$root/artifacts/bin
on old "$BIN/dmagent" fleet init bench --address 10.77.0.1:9471 >&2
token=$(on old "$BIN/dmagent" fleet token --quiet)
on new "$BIN/dmagent" fleet join 10.77.0.1:9471 --token "$token" --address 10.77.0.2:9471 >&2
on old "$BIN/dmagent" image import "$work/image" --quiet >&2
on old bash "$here/copies-guest.sh" push "$work" >&2
on new bash "$here/copies-guest.sh" measure "$work" "$rounds"
