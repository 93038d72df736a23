#!/bin/bash
# What a host of a drill does by itself. Called in each host with BIN, NAME and LAB_DISKS set, as deploy/fleet/host.sh,
# which does what is not listed here.
#
#   on-host.sh image REF MIB [MARK]     imports an image of MIB MiB that no other is like; MARK is somewhere in it
#   on-host.sh write CONTAINER          writes a file, syncs it, and notes it as acknowledged
#   on-host.sh verify                   all that was noted is there
#   on-host.sh tree CONTAINER           the digest of a container's tree
#   on-host.sh kill | stop              ends the agent by SIGKILL, or by SIGTERM
#   on-host.sh received MIB             the copy under way has received that much
#   on-host.sh remains                  fails if a copy has left files, devices, mounts or loop devices; prints them
#   on-host.sh devices                  what the pool has, by kind: the same before and after a drill
#   on-host.sh fill LEAVE CONTAINER...  writes until the pool has LEAVE MiB free
#   on-host.sh damage MARK              changes the block of the data disk that holds MARK
#   on-host.sh answers COUNT            ends when COUNT layers' locations, all over the fleet, were answered
#   on-host.sh writer begin|end CONTAINER   writes and syncs all the time; at the end: writes, errors, longest one in ms
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
read -r data _ _ <<< "$LAB_DISKS"
state=/var/lib/dmagents
pool=$state/pools/main
mnt=$pool/mnt
ledger=$here/ledger.$NAME
agent() { "$BIN/dmagent" "$@"; }

end_agent() {
  local pid
  pid=$(pidof dmagentd)
  kill "-$1" "$pid"
  while kill -0 "$pid" 2> /dev/null; do sleep 0.1; done
}
case $1 in
  image)
    tree=$(mktemp -d /run/image.XXXXXX)
    mkdir "$tree/bin"
    cp /etc/passwd /etc/group "$tree/"
    head -c "$(($3 << 20))" /dev/urandom > "$tree/bin/large"
    if [ -n "${4:-}" ]; then yes "$4" | head -c 65536 > "$tree/marked" || true; fi
    ln "$tree/passwd" "$tree/bin/second"
    tar -C "$tree" -cf "$tree.tar" .
    agent image import "$tree.tar" --reference "$2" --quiet > /dev/null
    rm -rf "$tree" "$tree.tar"
    ;;
  write)
    file=$mnt/$2/file.$RANDOM$RANDOM
    head -c 262144 /dev/urandom > "$file"
    sync "$file" "$(dirname "$file")"
    sha256sum "$file" >> "$ledger"
    ;;
  verify) [ ! -s "$ledger" ] || sha256sum --check --quiet "$ledger" ;;
  tree) tar --sort=name --numeric-owner --xattrs --xattrs-include='*' -cf - -C "$mnt/$2" . 2> /dev/null | b2sum ;;
  kill) end_agent KILL ;;
  stop) end_agent TERM ;;
  received)
    bytes=$(agent transfer list --json | jq '[.transfers[].bytes_received // "0" | tonumber] | max // 0')
    [ "$bytes" -ge "$(($2 << 20))" ]
    ;;
  remains)
    found=0
    left() {
      echo "$NAME: left: $1"
      found=1
    }
    while read -r file; do left "$file"; done < <(find "$pool/transfers" -type f 2> /dev/null)
    while read -r file; do left "device of $file"; done \
      < <(grep -lE '"key": *"(reception|transfer|import)/' "$pool"/metadata/*.json 2> /dev/null)
    while read -r file; do left "$file"; done < <(find "$pool/views" -type f 2> /dev/null)
    [ "$(agent transfer list --json | jq '.transfers | length')" = 0 ] || left "a transfer under way"
    mounts=$(awk -v p="$mnt/" 'index($2, p) == 1' /proc/mounts | wc -l)
    live=$(dmsetup ls 2> /dev/null | grep -cE '^dmagents-main-[0-9]+' || true)
    [ "$mounts" = "$live" ] || left "$live live devices with $mounts mounts: $(dmsetup ls | tr '\n' ' ')"
    [ -z "$(losetup -a)" ] || left "loop devices: $(losetup -a)"
    exit $found
    ;;
  devices)
    agent pool show main --json \
      | jq -r '"\(.layers // 0) layers, \(.containers // 0) containers, \(.views // 0) views, "
      + "\(.pending_removals // [] | length) to be removed, \(.quarantined_thin_ids // [] | length) in quarantine"'
    ;;
  fill)
    free() { dmsetup status dmagents-main-pool | awk '{split($6, n, "/"); print int((n[2] - n[1]) / 16)}'; }
    leave=$2
    # Of each container until its own file system is full.
    for container in "${@:3}"; do
      while [ "$(free)" -gt "$leave" ]; do
        head -c 16777216 /dev/zero >> "$mnt/$container/filling" 2> /dev/null || break
        sync "$mnt/$container/filling"
      done
    done
    [ "$(free)" -le "$leave" ]
    ;;
  damage)
    where=$(grep -abo -m1 "$2" "$data" | head -n 1 | cut -d: -f1 || true)
    [ -n "$where" ]
    printf 'damaged' | dd of="$data" bs=1 seek="$where" conv=notrunc,fsync status=none
    echo 3 > /proc/sys/vm/drop_caches
    ;;
  answers)
    for ((i = 0; i < $2; i++)); do
      id=sha256:$(head -c 32 /dev/urandom | sha256sum | cut -c1-64)
      # That no host has it is an answer; without one the command waits, and ends with another error.
      until { agent layer where "$id" 2>&1 || true; } | grep -q "no host of the fleet has it"; do sleep 0.2; done &
    done
    wait
    ;;
  writer)
    case $2 in
      begin)
        rm -f /run/writer.end
        perl "$here/writer.pl" "$mnt/$3/written" /run/writer.end > /run/writer.out 2>&1 < /dev/null &
        ;;
      end)
        touch /run/writer.end
        until grep -q "^writes" /run/writer.out; do sleep 0.2; done
        cat /run/writer.out
        ;;
    esac
    ;;
  *) exec bash "$here/host.sh" "$@" ;;
esac
