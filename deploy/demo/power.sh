#!/bin/bash
# The last act: a host loses its power in the midst of work, and comes back. Called by deploy/demo.sh with the directory
# of dmagentd and dmagent. The host is one of the lab; what was acknowledged is noted where its power cut cannot reach.
set -euo pipefail
bin=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
DMAGENTS_LAB_DIR=$(mktemp -d /tmp/dmdemo.XXXXXX)
export DMAGENTS_LAB_DIR
share=$DMAGENTS_LAB_DIR/share
mkdir -p "$share"
lab() { "$root/tests/lab/host" "$@"; }
trap 'lab rm demo > /dev/null 2>&1; rm -rf "$DMAGENTS_LAB_DIR"' EXIT

# The guest's side of it; STATE is on a disk of its own.
cat > "$share/guest.sh" <<'END'
set -euo pipefail
read -r data metadata state <<< "$LAB_DISKS"
mnt=/var/lib/dmagents/pools/main/mnt
dmagent() { "$BIN/dmagent" "$@"; }
start_agent() {
  mkdir -p /var/lib/dmagents
  mount "$state" /var/lib/dmagents
  "$BIN/dmagentd" > /run/agent.log 2>&1 &
  until grep -q serves /run/agent.log; do
    kill -0 $! || { cat /run/agent.log >&2; exit 1; }
    sleep 0.2
  done
}
work() {
  mkfs.ext4 -q "$state"
  start_agent
  dmagent pool create main --data "$data" --metadata "$metadata" > /dev/null
  tar -cf /run/small.tar -C /etc hostname passwd group
  dmagent image import /run/small.tar --reference small:1 > /dev/null
  for i in $(seq 1000); do
    dmagent container create "c$i" --image small:1 --mount --quiet > /dev/null
    echo "written in c$i" > "$mnt/c$i/written"
    sync "$mnt/c$i/written" "$mnt/c$i"
    echo "c$i" >> "$SHARE/acknowledged"
    echo "c$i"
  done
}
prove() {
  start_agent
  dmagent pool check main
  while read -r name; do
    mountpoint -q "$mnt/$name"
    grep -q "written in $name" "$mnt/$name/written"
    cmp "$mnt/$name/passwd" /etc/passwd
    echo "ok: $name is mounted, and holds what was written"
  done < "$SHARE/acknowledged"
  dmagent container create next --image small:1 --mount > /dev/null
  echo "ok: work goes on"
}
"$1"
END

printf '\n\033[1mThe last act. A host loses its power in the midst of work\033[0m\n'
printf '   Containers are made and written to, one after the other. Then the plug is pulled.\n\n'
lab start demo --memory 2G --disk 1G --disk 64M --disk 1G --share "$share" --env "BIN=$bin" --env "SHARE=$share"
: > "$share/acknowledged"
# What gets on is not killed, however slow the machine is.
lab exec demo --timeout 0 --silence 600 -- bash "$share/guest.sh" work > "$share/work.log" 2>&1 &
work=$!
until [ "$(wc -l < "$share/acknowledged")" -ge 4 ]; do
  kill -0 $work 2> /dev/null || { cat "$share/work.log" >&2; exit 1; }
  sleep 0.1
done
lab cut demo
wait $work 2> /dev/null || true
printf '   %s containers were acknowledged, then the power was gone\n\n' "$(wc -l < "$share/acknowledged")"
lab start demo
lab exec demo --timeout 0 --silence 600 -- bash "$share/guest.sh" prove | sed 's/^/   /'
