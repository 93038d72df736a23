#!/bin/bash
# Measures how large the journal's file becomes over 100,000 lives of containers (create, mount, unmount, remove), on the
# simulated kernel; prints one table. See tests/Bench/README.md.
#
#   tests/Bench/journal.sh [--lives N] [--together N] [--keep-events N|all]     some minutes, once it is built
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
case ${1:-} in
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
state=$(mktemp -d "${TMPDIR:-/var/tmp}/dmagents-bench.XXXXXX")
trap 'rm -rf "$state"' EXIT
dotnet build "$here/DmAgents.Bench.csproj" -c Release --nologo -v quiet >&2
dotnet "$here/bin/Release/net10.0/DmAgents.Bench.dll" journal --state "$state" "$@"
