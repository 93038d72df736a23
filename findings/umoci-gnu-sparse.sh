#!/usr/bin/env bash
# Layers with a sparse file of GNU tar, unpacked by umoci (Debian's umoci 0.4.7; 0.6.0 does the same).
#
# One would guess: Go's archive/tar, by which umoci reads, knows GNU's sparse files and gives them as regular ones, so that umoci
# unpacks `tar --sparse` in either format.
# What is so: of a pax archive the reader gives such a file the type '0', of one in GNU tar's own format, which is tar's default,
# the type 'S' that the header has. umoci has no case for 'S' and ends with "unknown typeflag".
#
# A builder of images that calls tar --sparse needs --format=posix. A program that reads by archive/tar needs a case for 'S'.
# Needs: apt-get with Debian's packages, GNU tar, a file system with holes for the temporary directory.
set -euo pipefail
version=0.4.7+ds-3+b7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -q download "umoci=$version" > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x umoci_*.deb .
umoci=$work/usr/bin/umoci
printf '%s\n' "$("$umoci" --version)" "$(tar --version | head -n 1)"

mkdir source
truncate -s 3M source/file
printf end >> source/file

unpack() { # FORMAT: what umoci says of a layer in it
  tar --sparse --format="$1" -C source -cf "$1.tar" file
  "$umoci" init --layout "$1"
  "$umoci" new --image "$1:test"
  "$umoci" raw add-layer --image "$1:test" "$1.tar"
  if "$umoci" unpack --rootless --image "$1:test" "$1-bundle" > "$1.log" 2>&1; then
    cmp source/file "$1-bundle/rootfs/file" && echo unpacked
  else
    grep -o "unknown typeflag.*" "$1.log" | head -n 1
  fi
}
pax=$(unpack posix)
gnu=$(unpack gnu)
printf 'pax: %s\nGNU: %s\n' "$pax" "$gnu"

[[ $pax == unpacked && $gnu == *"unknown typeflag"* ]] || { echo 'CHANGED: both formats are treated alike'; exit 1; }
