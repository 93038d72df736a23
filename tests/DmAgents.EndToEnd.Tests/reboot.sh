#!/bin/bash
# A host loses its power while its containers are mounted. After the reboot the agent brings back pool, devices and
# mounts, with everything that was acknowledged or synced. Ends with "N passed, N failed, N skipped".
#
# Takes dmagentd and dmagent from DMAGENTS_BIN, or from the Debug build in the checkout.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
DMAGENTS_LAB_DIR=$(mktemp -d /tmp/dmreboot.XXXXXX)
export DMAGENTS_LAB_DIR
host=$root/tests/lab/host
agent=${DMAGENTS_BIN:-$root/src/DmAgents.Agent/bin/Debug/net10.0}/dmagentd
cli=${DMAGENTS_BIN:-$root/src/DmAgents.Cli/bin/Debug/net10.0}/dmagent
passed=0
failed=0
trap '"$host" rm reboot > /dev/null 2>&1; rm -rf "$DMAGENTS_LAB_DIR"' EXIT

# A shell in the guest; STATE is on a disk of its own, which outlives the guest.
guest() {
  "$host" exec reboot --timeout 180 -- bash -c "
    set -e
    dmagent() { $cli \"\$@\"; }
    start_agent() {
      rm -f /run/dmagents/admin.sock
      $agent > /run/agent.log 2>&1 &
      for _ in \$(seq 600); do
        if grep -q serves /run/agent.log; then return; fi
        sleep 0.1
      done
      cat /run/agent.log >&2
      return 1
    }
    mnt=/var/lib/dmagents/pools/main/mnt
    $1"
}

check() {
  local what=$1
  if guest "$2"; then
    echo "passed: $what"
    passed=$((passed + 1))
  else
    echo "FAILED: $what"
    failed=$((failed + 1))
  fi
}

"$host" start reboot --memory 2G --disk 1G --disk 64M --disk 2G || failed=1
check "a pool, an image, and containers: one mounted, one idle" '
  read -r data metadata state <<< "$LAB_DISKS"
  mkfs.ext4 -q "$state" && mkdir -p /var/lib/dmagents && mount "$state" /var/lib/dmagents
  start_agent
  dmagent pool create main --data "$data" --metadata "$metadata" > /dev/null
  tar -cf /run/small.tar -C /etc hostname passwd group
  dmagent image import /run/small.tar --reference small:1 > /dev/null
  dmagent container create running --image small:1 --mount > /dev/null
  dmagent container create idle --image small:1 > /dev/null
  echo "synced before the cut" > $mnt/running/synced && sync -f $mnt/running/synced'

"$host" cut reboot && "$host" start reboot || failed=$((failed + 1))
check "after the reboot nothing is live until the agent starts" '
  test -z "$(dmsetup ls 2> /dev/null | grep dmagents)"'
check "the agent opens its pool, and the mounted container is mounted" '
  read -r data metadata state <<< "$LAB_DISKS"
  mkdir -p /var/lib/dmagents && mount "$state" /var/lib/dmagents
  start_agent
  for _ in $(seq 300); do mountpoint -q $mnt/running && break; sleep 0.1; done
  mountpoint -q $mnt/running'
check "what was synced is there" 'grep -q "synced before the cut" $mnt/running/synced'
check "journal, pool and live devices agree" 'dmagent pool check main'
check "the idle container is there, empty until it is mounted" '
  test -z "$(ls -A $mnt/idle)"
  dmagent container mount idle > /dev/null
  cmp $mnt/idle/passwd $mnt/running/passwd'
check "work goes on" 'dmagent container create next --image small:1 --mount > /dev/null && test -e $mnt/next/group'

echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
