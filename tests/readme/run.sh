#!/usr/bin/env bash
# Types the README's lines of "Use it" one after the other on a new host in the lab, from the installation on. Ends with
# one line: N passed, N failed, N skipped.
#
#   tests/readme/run.sh [RELEASE]    the host's Debian release: trixie, sid; without it, this machine's
#
# Needs deploy/build.sh to have run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
[[ $# -le 1 && ${1:-} != -* ]] || { sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
cd "$root"
"$root/tests/lab/run" ${1:+--userland "$1"} --memory 3G --disk 1G --disk 64M --disk 512M --disk 512M --disk 128M --disk 2G \
  --silence 300 -- bash "$root/tests/readme/guest.sh"
