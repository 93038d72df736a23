#!/usr/bin/env bash
# Layers that `umoci insert` makes (Debian's umoci 0.4.7).
#
# One would guess: a layer of an image tool is a whole tar archive, each file padded to 512 bytes, two blocks of zeros last.
# What is so: the layer ends with the last byte of the inserted file. It has no padding and no end marker, so GNU tar and Python
# call it truncated. Its digest in the image is right, and umoci itself, which reads by Go's archive/tar, unpacks it.
#
# An importer may take "ends in the midst of a block" for damage only if the layer's digest does not fit either.
# Needs: apt-get with Debian's packages, jq, python3.
set -euo pipefail
version=0.4.7+ds-3+b7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -q download "umoci=$version" > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x umoci_*.deb .
umoci=$work/usr/bin/umoci

printf 'hello\n' > file
"$umoci" init --layout layout
"$umoci" new --image layout:test
"$umoci" insert --image layout:test file /file
blobs=layout/blobs/sha256
manifest=$(jq -r '.manifests[0].digest' layout/index.json)
layer=$(jq -r '.layers[0].digest' "$blobs/${manifest#*:}")
config=$(jq -r '.config.digest' "$blobs/${manifest#*:}")
gzip -dc "$blobs/${layer#*:}" > layer.tar

printf '%s\n' "$("$umoci" --version)"
size=$(stat -c %s layer.tar)
printf 'layer: %s bytes (one header of 512, 6 of content)\n' "$size"
said=$(tar -tf layer.tar 2>&1 || true)
printf 'GNU tar: %s\n' "${said//$'\n'/; }"
python=$(python3 -c 'import tarfile; tarfile.open("layer.tar").getnames()' 2>&1 | tail -1 || true)
printf 'Python: %s\n' "$python"
diff_id=$(jq -r '.rootfs.diff_ids[0]' "$blobs/${config#*:}")
printf 'diff id %s, sha256 %s\n' "${diff_id#*:}" "$(sha256sum < layer.tar | cut -d' ' -f1)"
"$umoci" unpack --image layout:test --rootless bundle 2> unpack.log || { cat unpack.log; exit 1; }
printf 'umoci unpack: %s\n' "$(cat bundle/rootfs/file)"

[[ $size == 518 && $said == *'Unexpected EOF'* && $python == *ReadError* \
  && ${diff_id#*:} == "$(sha256sum < layer.tar | cut -d' ' -f1)" && $(cat bundle/rootfs/file) == hello ]] ||
  { echo 'CHANGED: the layer is no longer cut short'; exit 1; }
