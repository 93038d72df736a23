#!/usr/bin/env bash
# Keys of snapshots in containerd (Debian's containerd 1.6.20), after an unpacking that was cut off.
#
# One would guess: a snapshot's key is one word, as all names that containerd gives containers and layers, so that the first
# column of `ctr snapshots list`, cut at the first space, can be given to `ctr snapshots rm`.
# What is so: containerd names the snapshot into which it unpacks a layer "extract-TIME-RANDOM CHAINID", with a space. The
# first word names no snapshot, and rm reports "not found". A kill in mid-import leaves such a snapshot, with the lease of the
# import that holds it for a day: just the one that a clean-up wants to remove.
#
# Cut `ctr snapshots list` at the column under PARENT, or take the keys from the API; and remove the lease, too.
# Needs: root, apt-get with Debian's packages, python3.
set -euo pipefail
version=1.6.20~ds1-1+deb12u3
work=$(mktemp -d)
pid=''
finish() {
  [ -z "$pid" ] || { kill -KILL "$pid" 2> /dev/null && wait "$pid" 2> /dev/null; } || true
  rm -rf "$work"
}
trap finish EXIT
cd "$work"
apt-get -q -o APT::Sandbox::User=root download "containerd=$version" > apt.log 2>&1 || { cat apt.log; exit 2; }
dpkg -x containerd_*.deb .
ctr() { "$work/usr/bin/ctr" --address "$work/c.sock" "$@"; }
"$work/usr/bin/ctr" --version

cat > config.toml <<END
version = 2
root = "$work/root"
state = "$work/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$work/c.sock"
END

start() {
  "$work/usr/bin/containerd" --config config.toml >> log 2>&1 < /dev/null &
  pid=$!
  for _ in $(seq 300); do
    ! ctr version > /dev/null 2>&1 || return 0
    kill -0 "$pid" || break
    sleep 0.1
  done
  tail log
  exit 2
}

# An image of one layer, large enough that its unpacking takes a moment.
python3 - <<'END'
import hashlib, io, json, os, tarfile
def digest(data): return hashlib.sha256(data).hexdigest()
layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode='w') as tar:
    for number in range(40000):
        entry = tarfile.TarInfo(f'file-{number}')
        entry.size = 4096
        tar.addfile(entry, io.BytesIO(os.urandom(4096)))
layer = layer.getvalue()
config = json.dumps({'architecture': 'amd64', 'os': 'linux',
                     'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + digest(layer)]}}).encode()
def named(data, kind):
    kind = f'application/vnd.oci.image.{kind}'
    return {'mediaType': kind, 'digest': 'sha256:' + digest(data), 'size': len(data)}
manifest = json.dumps({'schemaVersion': 2, 'config': named(config, 'config.v1+json'),
                       'layers': [named(layer, 'layer.v1.tar')]}).encode()
index = json.dumps({'schemaVersion': 2, 'manifests': [
    dict(named(manifest, 'manifest.v1+json'), annotations={'io.containerd.image.name': 'example.test/cut:off'})]}).encode()
with tarfile.open('image.tar', 'w') as tar:
    def add(name, data):
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    add('oci-layout', b'{"imageLayoutVersion":"1.0.0"}')
    add('index.json', index)
    for blob in (config, layer, manifest):
        add('blobs/sha256/' + digest(blob), blob)
END

list() { ctr snapshots --snapshotter native list; }
start
ctr images import --snapshotter native image.tar > import.log 2>&1 &
import=$!
until list | grep -q ' Active'; do
  kill -0 "$import" 2> /dev/null || { cat import.log; echo 'the import was over too early'; exit 2; }
done
kill -KILL "$pid"
wait "$pid" 2> /dev/null || true
wait "$import" 2> /dev/null || true
start

list
row=$(list | grep ' Active' | head -n 1)
column=$(list | awk 'NR == 1 { print index($0, "PARENT") }')
word=${row%% *}
key=$(printf '%s' "${row:0:column-1}" | sed 's/ *$//')
by_word=$(ctr snapshots --snapshotter native rm "$word" 2>&1 || true)
by_key=$(ctr snapshots --snapshotter native rm "$key" 2>&1 && echo removed)
printf 'rm "%s": %s\nrm "%s": %s\nleases: %s\n' "$word" "$by_word" "$key" "$by_key" "$(ctr leases list --quiet | wc -l)"

[[ $key == "$word sha256:"* && $by_word == *'not found'* && $by_key == *removed ]] \
  || { echo 'CHANGED: the first word of the row names the snapshot'; exit 1; }
