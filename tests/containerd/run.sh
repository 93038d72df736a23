#!/usr/bin/env bash
# Runs containerd's own snapshotter test suite, and tests of the protocol that it lacks, against the agent in the lab:
# on ext4, twice on one pool, many tests at once, on xfs, and through containerd. Ends with one line:
# N passed, N failed, N skipped.
#
#   tests/containerd/run.sh               the agent
#   tests/containerd/run.sh --baseline    containerd's devmapper snapshotter instead: is the recipe right?
#
# Takes dmagentd and dmagent from DMAGENTS_BIN, or from the Debug build in the checkout. The compiled test program is
# kept in ${DMAGENTS_CACHE:-$HOME/.cache/dmagents}.
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
what=agent
case ${1:-} in
  '') ;;
  --baseline) what=baseline ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac

fail() { printf 'containerd: %s\n' "$*" >&2; exit 1; }

. "$here/build.sh"
suite=$(compile suite test -c)
agent=${DMAGENTS_BIN:-$root/src/DmAgents.Agent/bin/Debug/net10.0}
cli=${DMAGENTS_BIN:-$root/src/DmAgents.Cli/bin/Debug/net10.0}
if [[ $what = agent ]]; then
  [[ -x $agent/dmagentd ]] || fail "there is no $agent/dmagentd; next: dotnet build, or set DMAGENTS_BIN"
  [[ -x $cli/dmagent ]] || fail "there is no $cli/dmagent; next: dotnet build, or set DMAGENTS_BIN"
fi
"$root/tests/lab/run" --memory 2G --disk 4G --disk 128M --disk 2G --share "$suite" --timeout 900 \
  --env SUITE="$suite/suite" --env BIN_AGENT="$agent" --env BIN_CLI="$cli" --env WHAT=$what -- bash "$here/guest.sh"
