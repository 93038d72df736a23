#!/bin/bash
# Measures what a layer's transfer takes of a processor, part by part: digest, compression, TLS. Counts processor time, so it
# holds beside other work; prints one table. See tests/Bench/README.md.
#
#   tests/Bench/transfers.sh [--data DIRECTORY] [--mib N] [--rounds N]     a minute, once it is built; /usr/lib unless told
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
case ${1:-} in
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
[[ " $* " == *" --data "* ]] || set -- --data /usr/lib "$@"
dotnet build "$here/DmAgents.Bench.csproj" -c Release --nologo -v quiet >&2
dotnet "$here/bin/Release/net10.0/DmAgents.Bench.dll" transfers "$@"
