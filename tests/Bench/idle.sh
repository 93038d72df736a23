#!/bin/bash
# Measures what an idle agent costs: context switches a second, processor time and resident memory, without a pool, with
# one, and as the only host of a fleet, in the lab; prints one table, and the threads that woke most. See
# tests/Bench/README.md.
#
#   tests/Bench/idle.sh [BIN]     six minutes, once it is built; BIN: a directory of deploy/build.sh, not below /tmp
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
case ${1:-} in
  -*) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
bin=${1:-$root/artifacts/bin}
"$root/tests/lab/install.sh" >&2
[ -n "${1:-}" ] || "$root/deploy/build.sh" "$bin" >&2
exec "$root/tests/lab/run" --memory 2G --timeout 900 --disk 1G --disk 64M -- "$here/idle-guest.sh" "$bin"
