#!/usr/bin/env bash
# dmagentd as the unit of deploy/systemd under a real systemd, PID 1 of a namespace in the lab: a start, a slow start, a
# stop, a restart, a SIGKILL; pools and mounts stay. Ends with one line: N passed, N failed, N skipped.
#
#   tests/systemd/run.sh
#
# Takes dmagentd and dmagent from DMAGENTS_BIN, or from artifacts/bin, where deploy/build.sh has put them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
[[ $# == 0 ]] || { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
cd "$root"
"$root/tests/lab/run" --memory 2G --disk 512M --disk 64M --disk 512M --silence 300 \
  --env BIN="${DMAGENTS_BIN:-$root/artifacts/bin}" -- bash "$root/tests/systemd/guest.sh"
