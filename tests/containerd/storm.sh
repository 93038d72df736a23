#!/usr/bin/env bash
# The same storm of kills against the agent and against containerd with its devmapper snapshotter, both through
# containerd's API on a real kernel: what the kills leave behind. A run is a new pool and three kills. Prints a line of
# JSON for each run, and a table.
#
#   tests/containerd/storm.sh                two runs each, about three minutes
#   tests/containerd/storm.sh 20             twenty
#   tests/containerd/storm.sh 20 SEED        what the clients do and when the kills come, again
#   tests/containerd/storm.sh 20 SEED agent  only one of them: agent or containerd
#
# Ends with status 1 where the agent left anything behind. Takes dmagentd and dmagent from DMAGENTS_BIN, or from the
# Debug build in the checkout.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
runs=${1:-2} seed=${2:-$RANDOM} sides=${3:-containerd agent}
[[ $runs =~ ^[0-9]+$ && $seed =~ ^[0-9]+$ ]] || { sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }

fail() { printf 'storm: %s\n' "$*" >&2; exit 1; }
. "$here/build.sh"

program=$(compile storm build)
agent=${DMAGENTS_BIN:-$root/src/DmAgents.Agent/bin/Debug/net10.0}
cli=${DMAGENTS_BIN:-$root/src/DmAgents.Cli/bin/Debug/net10.0}
[[ -x $agent/dmagentd ]] || fail "there is no $agent/dmagentd; next: dotnet build, or set DMAGENTS_BIN"
echo "seed $seed, $runs runs"
"$root/tests/lab/run" --memory 3G --disk 3G --disk 128M --disk 3G --disk 128M --disk 1G --disk 1G --share "$program" \
  --timeout $((runs * 240 + 300)) --env STORM="$program/storm" --env BIN_AGENT="$agent" --env BIN_CLI="$cli" \
  --env RUNS="$runs" --env SEED="$seed" --env SIDES="$sides" -- bash "$here/guest-storm.sh"
