#!/bin/bash
# Builds dmagentd and dmagent as they are installed, in OUTDIR: dmagentd compiled ahead for this machine's processor, and
# dmagent to native code without the .NET runtime, whose start would be most of a command's time.
#
#   deploy/build.sh [OUTDIR]      OUTDIR: artifacts/bin in the checkout
#
# Does nothing where OUTDIR holds the present sources' build already.
set -euo pipefail
case ${1:-} in
  -*) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
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
state=$(cd "$root" && cat $(find src config deploy/build.sh Directory.*.props NuGet.config global.json -type f \
  -not -path '*/bin/*' -not -path '*/obj/*' | LC_ALL=C sort) | sha256sum | cut -c1-64)
is_built() { [ -f "$out/.built" ] && [ "$(cat "$out/.built")" = "$state $rid" ]; }
is_built && exit 0

# The .NET SDK links native code by the C compiler.
for linker in clang gcc ''; do
  command -v "$linker" >/dev/null && break
done
if [ -z "$linker" ]; then
  echo "build: a C compiler is missing; next: apt-get install gcc libc6-dev" >&2
  exit 1
fi

# One build of a checkout at a time: both would write the same intermediate files.
mkdir -p "$out" "$root/artifacts"
exec 9>"$root/artifacts/.building"
flock 9
is_built && exit 0
rm -f "$out/.built"
publish() {
  local project=$1 to=$2
  shift 2
  echo "build: DmAgents.$project for $rid"
  dotnet publish "$root/src/DmAgents.$project/DmAgents.$project.csproj" --nologo -v quiet -c Release -r "$rid" \
    -o "$to" "$@" 9>&-  # a build server that outlives this script would keep the lock
}
publish Agent "$out" --self-contained false
# To a folder of its own: what a native program has in itself is removed beside it, and dmagentd needs some of it.
native=$(mktemp -d)
trap 'rm -rf "$native"' EXIT
publish Cli "$native" -p:CompileToNative=true -p:CppCompilerAndLinker="$linker" \
  -p:NuGetLockFilePath=obj/native.lock.json -p:RestoreLockedMode=false
install -m 0755 "$native/dmagent" "$out/dmagent"
echo "$state $rid" > "$out/.built"
