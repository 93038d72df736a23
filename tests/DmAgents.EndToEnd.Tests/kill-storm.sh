#!/bin/bash
# A storm of kills: clients work, and the agent is killed at random moments, its recovery too. After each kill everything
# acknowledged must be there, and nothing else. Ends with "N passed, N failed, N skipped"; a kill is one test.
#
#   tests/DmAgents.EndToEnd.Tests/kill-storm.sh              25 kills
#   tests/DmAgents.EndToEnd.Tests/kill-storm.sh 1000         a thousand, some hours
#   tests/DmAgents.EndToEnd.Tests/kill-storm.sh 1000 SEED    what the clients do, again
#
# Each 25 kills have a host and a seed of their own: SEED, SEED+1, ... Ends at the first that fails.
# Takes dmagentd from DMAGENTS_BIN, or from the Debug build in the checkout.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
kills=${1:-25} seed=${2:-$RANDOM} each=25
[[ $kills =~ ^[1-9][0-9]*$ && $seed =~ ^[0-9]+$ ]] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
program=$root/tests/DmAgents.EndToEnd.Tests/bin/Debug/net10.0/DmAgents.EndToEnd.Tests.dll
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
while ((passed < kills)); do
  now=$((kills - passed < each ? kills - passed : each))
  if ! "$root/tests/lab/run" --memory 2G --disk 2G --disk 128M --disk 1G --disk 6G --timeout $((300 + now * 60)) \
    --env DMAGENTS_STORM_KILLS=$now --env DMAGENTS_STORM_SEED="$seed" ${DMAGENTS_BIN:+--env DMAGENTS_BIN="$DMAGENTS_BIN"} \
    -- dotnet "$program" --in-lab KillStorm > "$log" 2>&1; then
    echo "FAILED: kills $((passed + 1)) to $((passed + now)) of $kills; again: $0 $now $seed"
    cat "$log"
    echo "$passed passed, 1 failed, 0 skipped"
    exit 1
  fi
  passed=$((passed + now))
  printf '%s  %d of %d kills passed, seed %d\n' "$(date +%T)" "$passed" "$kills" "$seed"
  seed=$((seed + 1))
done
echo "$passed passed, 0 failed, 0 skipped"
