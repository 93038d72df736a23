#!/bin/bash
# Builds dmagentd and dmagent as they are installed: compiled ahead for this machine's processor, in OUTDIR.
#
#   deploy/build.sh [OUTDIR]      OUTDIR: artifacts/bin in the checkout
#
# Does nothing where OUTDIR holds the present sources' build already.
set -euo pipefail
case ${1:-} in
  -*) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/artifacts/bin}

case $(uname -m) in
  x86_64) rid=linux-x64 ;;
  aarch64) rid=linux-arm64 ;;
  *) echo "build: no build for $(uname -m)" >&2; exit 1 ;;
esac
if ! command -v dotnet >/dev/null; then
  echo "build: the .NET SDK 10 is missing; next: install dotnet-sdk-10.0 from https://dotnet.microsoft.com" >&2
  exit 1
fi

# What is built is told by the sources' content, not by their times: a fresh clone has new times.
state=$(cd "$root" && cat $(find src config Directory.*.props NuGet.config global.json -type f \
  -not -path '*/bin/*' -not -path '*/obj/*' | LC_ALL=C sort) | sha256sum | cut -c1-64)
if [ -f "$out/.built" ] && [ "$(cat "$out/.built")" = "$state $rid" ]; then
  exit 0
fi

mkdir -p "$out"
rm -f "$out/.built"
for project in Agent Cli; do
  echo "build: DmAgents.$project for $rid"
  dotnet publish "$root/src/DmAgents.$project/DmAgents.$project.csproj" --nologo -v quiet -c Release -r "$rid" \
    --self-contained false -o "$out"
done
echo "$state $rid" > "$out/.built"
