#!/bin/bash
# A storm of power cuts: a host works with several clients and loses its power at random moments, its disks keep what was
# flushed. After each reboot everything acknowledged must be there, and nothing else. Ends with
# "N passed, N failed, N skipped"; a cut is one test.
#
#   tests/DmAgents.EndToEnd.Tests/power-cuts.sh              two cuts
#   tests/DmAgents.EndToEnd.Tests/power-cuts.sh 100          a hundred, less than an hour
#   tests/DmAgents.EndToEnd.Tests/power-cuts.sh 100 SEED     what the clients do, again
#
# Takes dmagentd from DMAGENTS_BIN, or from the Debug build in the checkout.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cuts=${1:-2} seed=${2:-$RANDOM}
[[ $cuts =~ ^[0-9]+$ && $seed =~ ^[0-9]+$ ]] || { sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2; }
DMAGENTS_LAB_DIR=$(mktemp -d /tmp/dmstorm.XXXXXX)
export DMAGENTS_LAB_DIR
host=$root/tests/lab/host
share=$DMAGENTS_LAB_DIR/share
program=$root/tests/DmAgents.EndToEnd.Tests/bin/Debug/net10.0/DmAgents.EndToEnd.Tests.dll
passed=0 failed=0
trap '"$host" rm storm > /dev/null 2>&1; rm -rf "$DMAGENTS_LAB_DIR"' EXIT
mkdir -p "$share"
RANDOM=$seed

# One life of the host. "life [--only-verify]"
life() {
  "$host" exec storm --timeout 300 -- bash -c '
    read -r data metadata state <<< "$LAB_DISKS"
    mkdir -p /run/dmagents-e2e/state
    blkid "$state" > /dev/null || mkfs.ext4 -q "$state"
    mount "$state" /run/dmagents-e2e/state
    exec dotnet "$@"' bash "$program" --storm "$share" "$seed" "$@"
}

# Waits for the word that all was found.
verified() {
  local tenths=1800
  while ((tenths-- > 0)); do
    [[ -e $share/verified ]] && return
    kill -0 "$1" 2> /dev/null || break
    sleep 0.1
  done
  [[ -e $share/verified ]]
}

echo "seed $seed, $cuts cuts"
"$host" start storm --memory 2G --disk 1G --disk 64M --disk 1G --share "$share" || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
for ((cut = 1; cut <= cuts; cut++)); do
  rm -f "$share/verified"
  life > "$share/life.txt" 2>&1 &
  life=$!
  if ! verified $life; then
    echo "FAILED: before cut $cut of $cuts, seed $seed"
    cat "$share/life.txt"
    failed=$((failed + 1))
    break
  fi
  sleep "$((RANDOM % 5)).$((RANDOM % 10))"
  "$host" cut storm
  wait $life 2> /dev/null
  "$host" start storm || { failed=$((failed + 1)); break; }
  passed=$((passed + 1))
  ((cut % 10 == 0)) && printf '%s  %d of %d cuts, everything found after each\n' "$(date +%T)" $((cut - 1)) "$cuts"
done
if ((failed == 0)); then
  if life --only-verify > "$share/life.txt" 2>&1; then
    echo "passed: after cut $cuts everything that was acknowledged is there ($(grep -c . "$share/storm.log") lines of log)"
    passed=$((passed + 1))
  else
    echo "FAILED: after cut $cuts of $cuts, seed $seed"
    cat "$share/life.txt"
    failed=$((failed + 1))
  fi
fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
