#!/usr/bin/env bash
# Docker with containerd's image store on the agent, in the lab: load, run, build, commit, diff, sizes, removal; agent,
# containerd and dockerd are restarted and killed at work; afterwards nothing is left. Ends with one line: N passed,
# N failed, N skipped.
#
#   tests/docker/image-store.sh [RELEASE]    the Debian release whose Docker it is: trixie (Docker 26) unless told
#
# Takes dmagentd and dmagent from DMAGENTS_BIN, or from the Debug build in the checkout.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
[[ $# -le 1 && ${1:-trixie} != -* ]] || { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }

fail() { printf 'docker: %s\n' "$*" >&2; exit 1; }

agent=${DMAGENTS_BIN:-$root/src/DmAgents.Agent/bin/Debug/net10.0}
cli=${DMAGENTS_BIN:-$root/src/DmAgents.Cli/bin/Debug/net10.0}
[[ -x $agent/dmagentd ]] || fail "there is no $agent/dmagentd; next: dotnet build, or set DMAGENTS_BIN"
[[ -x $cli/dmagent ]] || fail "there is no $cli/dmagent; next: dotnet build, or set DMAGENTS_BIN"
shares=()
[[ -z ${DMAGENTS_BIN:-} ]] || shares=(--share "$DMAGENTS_BIN")
"$root/tests/lab/run" --userland "${1:-trixie}" --cgroups --memory 3G --disk 2G --disk 128M --disk 1G --disk 2G \
  "${shares[@]}" --silence 300 --env BIN_AGENT="$agent" --env BIN_CLI="$cli" -- bash "$here/guest-image-store.sh"
