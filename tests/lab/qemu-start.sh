#!/usr/bin/env bash
# Becomes the QEMU of one guest, after starting the file servers that it needs; run by the relay. All of them are in
# the relay's process group for the guest, and die with this process.
set -euo pipefail
virtiofsd=$1 directory=$2
shift 2

# One server per folder: each sees its folder only.
serve() {
  local tag=$1 source=$2 cache=$3
  # A path with a comma would end the option; lib.sh refuses it. The line to the guest (3) is QEMU's alone.
  setpriv --pdeathsig KILL "$virtiofsd" --socket-path="$directory/virtiofs/$tag" \
    -o "source=$source,sandbox=chroot,cache=$cache,log_level=warn" 3>&- &
  sockets+=("$directory/virtiofs/$tag")
}

sockets=()
rm -rf "$directory/virtiofs"
mkdir "$directory/virtiofs"
# Of the root the guest may believe what it has seen once; shares change on both sides.
serve root / always
number=0
while IFS=$'\t' read -r key source _; do
  [[ $key == share* ]] || continue
  serve "share$number" "$source" auto
  number=$((number + 1))
done <"$directory/config"

# QEMU does not wait for them.
for socket in "${sockets[@]}"; do
  for ((tries = 0; tries < 1000; tries++)); do
    [[ ! -S $socket ]] || continue 2
    sleep 0.01
  done
  echo "lab: no file server listens on $socket" >&2
  exit 1
done
exec "$@"
