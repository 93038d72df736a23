# Growth under load; sourced by play.sh.
# shellcheck shell=bash

act "The pool grows by a disk, while a container writes" "No unmount, no pause, no I/O error."
# Writes and reads back for as long as it lives; the first error is noted, and ends it.
writer() {
  local n=0
  while :; do
    n=$((n + 1))
    if ! dd if=/dev/urandom of="$MNT/web1/srv/load" bs=64k count=4 conv=fsync status=none 2>> /tmp/writer.errors ||
      ! cmp -s "$MNT/web1/srv/load" "$MNT/web1/srv/load"; then
      echo "write $n failed" >> /tmp/writer.errors
      return 1
    fi
    echo $n > /tmp/writer.count
    sleep 0.25
  done
}
: > /tmp/writer.errors
writer &
WRITER=$!
note "web1 writes and syncs 256 KiB four times a second"
run pool grow main --add "$DISK_MORE"
run pool list
expect "the writer met no error" test ! -s /tmp/writer.errors
