#!/usr/bin/env bash
# Adopts stores that a real Docker 20.10 makes in the lab, gives them back, adopts them again, and damages one. Ends with
# one line: N passed, N failed, N skipped.
#
#   tests/docker/run.sh             Docker with loop files, with a pool that somebody else assembles, and with LVM's
#   tests/docker/run.sh loop        one of them: loop, thinpool, lvm
#
# Installs Debian's docker.io where it is missing. Takes dmagentd and dmagent from DMAGENTS_BIN, or from the Debug build
# in the checkout.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../.." && pwd -P)
modes=${1:-loop thinpool lvm}
[[ $modes =~ ^(loop thinpool lvm|loop|thinpool|lvm)$ ]] || { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }

fail() { printf 'docker: %s\n' "$*" >&2; exit 1; }

"$root/tests/lab/install.sh" --rivals || fail "Docker 20.10 cannot be had"
agent=${DMAGENTS_BIN:-$root/src/DmAgents.Agent/bin/Debug/net10.0}
cli=${DMAGENTS_BIN:-$root/src/DmAgents.Cli/bin/Debug/net10.0}
[[ -x $agent/dmagentd ]] || fail "there is no $agent/dmagentd; next: dotnet build, or set DMAGENTS_BIN"
[[ -x $cli/dmagent ]] || fail "there is no $cli/dmagent; next: dotnet build, or set DMAGENTS_BIN"
"$root/tests/lab/run" --cgroups --memory 3G --disk 2G --disk 64M --disk 3G --disk 512M --disk 2G --timeout ${DMAGENTS_DOCKER_TIMEOUT:-600} \
  --env BIN_AGENT="$agent" --env BIN_CLI="$cli" --env MODES="$modes" -- bash "$here/guest.sh"
