#!/bin/bash
# Measures what the entities of a fleet take of the heap, with 1,000,000 layers known; prints one table. Needs nothing but
# the SDK and 2 GiB of memory. See tests/Bench/README.md.
#
#   tests/Bench/entities.sh     a minute, once it is built
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
case ${1:-} in
  '') ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
dotnet build "$here/DmAgents.Bench.csproj" -c Release --nologo -v quiet >&2
dotnet "$here/bin/Release/net10.0/DmAgents.Bench.dll" entities
