#!/bin/bash
# Drills of a fleet of four hosts, each with a kernel, disks and an address of its own, and a database beside them:
# hosts die, are cut off, fill up, slow down and restart while they work. After each drill nothing acknowledged is lost,
# nothing is left behind, and journal, pool and live devices agree on each host. Ends with
# "N passed, N failed, N skipped".
#
#   tests/DmAgents.EndToEnd.Tests/fleet-drills.sh              all drills
#   tests/DmAgents.EndToEnd.Tests/fleet-drills.sh DRILL...     these, in this order
#   tests/DmAgents.EndToEnd.Tests/fleet-drills.sh --list       their names, and what each shows
#
# Takes dmagentd and dmagent from DMAGENTS_BIN, or builds them. With DMAGENTS_DRILL_TIMES=defaults failures are
# detected by the agent's own times, for figures on an idle machine; else by the lab's (deploy/fleet/host.sh). A drill
# that fails gets a new fleet for the next one. Needs what deploy/fleet/demo.sh needs. Not a part of tests/run.sh:
# all of it takes twenty minutes or more.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
drills=$root/tests/DmAgents.EndToEnd.Tests/FleetDrills
# Name and purpose of each, in the order of a whole run; functions drill_NAME.
all=()
drill() { all+=("$1"$'\t'"$2"); }
. "$drills/dying.sh"
. "$drills/networks.sh"
. "$drills/stores.sh"
names() { printf '%s\n' "${all[@]%%$'\t'*}"; }

case ${1:-} in
  --list) printf '%s\n' "${all[@]}" | expand -t 20; exit 0 ;;
  -*) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
for name in "$@"; do
  names | grep -qx -- "$name" || { echo "drills: there is no drill $name; next: $0 --list" >&2; exit 2; }
done
[ $# -gt 0 ] || mapfile -t chosen < <(names)
[ $# = 0 ] || chosen=("$@")
if [ "$(id -u)" != 0 ]; then
  echo "drills: networks and pools are made by root; next: sudo $0" >&2
  exit 1
fi
"$root/tests/lab/install.sh"
[ -n "${DMAGENTS_BIN:-}" ] || "$root/deploy/build.sh"
note() { printf '   %s\n' "$*"; }
die() {
  printf '   FAILED: %s\n' "$*"
  for host in "${hosts[@]}"; do
    printf '== %s\n' "$host"
    lab exec "$host" --timeout 60 -- tail -n 25 /run/dmagentd.log 2>&1 || true
  done
  exit 1
}
. "$root/tests/lab/fleet.sh"
. "$drills/common.sh"
cp "$root/deploy/fleet/host.sh" "$drills/on-host.sh" "$drills/writer.pl" "$work/"

passed=0 failed=0
# A machine that is busy makes each wait longer; what has not come then does not come.
patience=600
is_ready=no
for name in "${chosen[@]}"; do
  printf '\n%s: %s  [%ss]\n' "$name" "$(printf '%s\n' "${all[@]}" | sed -n "s/^$name\t//p")" $SECONDS
  begun=$SECONDS
  # In a shell of its own: the first thing that is not so ends the drill, and not the others.
  set +e
  (
    set -e
    [ $is_ready = yes ] || make_fleet
    "drill_${name//-/_}"
    check_fleet
  )
  result=$?
  set -e
  if [ $result = 0 ]; then
    passed=$((passed + 1))
    is_ready=yes
    echo "passed: $name ($((SECONDS - begun)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED: $name ($((SECONDS - begun)) s)"
    unmake_fleet
    is_ready=no
  fi
done
printf '\n'
[ ! -s "$work/figures" ] || { echo "figures (times: ${DMAGENTS_DRILL_TIMES:-lab}):"; sed 's/^/  /' "$work/figures"; }
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
