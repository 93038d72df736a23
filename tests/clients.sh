#!/usr/bin/env bash
# One Debian release with the agent, in the lab: what the README types on a new host, its thin-provisioning-tools and
# mkfs, its containerd (the demonstration, and the end-to-end tests), and its Docker (the demonstration, and tests with
# kills). Ends with one line: N passed, N failed, N skipped.
#
#   tests/clients.sh trixie    Debian 13: containerd 1.7, Docker 26; a part of tests/run.sh
#   tests/clients.sh sid       the unstable release: containerd 2, Docker 28. It moves, so tests/run.sh leaves it out
#
# Takes dmagentd, dmagent and the tests from the Debug build in the checkout.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit
[[ $# == 1 && $1 =~ ^[a-z]+$ ]] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
release=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs one part and notes its last count; one without a count is a test of its own. Its count is set in, for who adds up
# lines is to find the last one alone.
part() {
  local title=$1 log status counts p f s
  shift
  log=$(mktemp "$work/log.XXXXXX")
  printf '\n-- %s (%s)\n' "$title" "$(date +%T)"
  "$@" 2>&1 | tee "$log" | sed -u 's/^[0-9]* passed, .*/   &/'
  status=${PIPESTATUS[0]}
  counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log" | tail -n 1)
  [[ -n $counts ]] || { [[ $status == 0 ]] && counts='1 0 0' || counts='0 1 0'; }
  read -r p f s <<< "$counts"
  ((status == 0 || f > 0)) || f=1
  echo "$p $f $s" >> "$work/counts"
}

end_to_end() {
  tests/lab/run --userland "$release" --cgroups --memory 3G --disk 2G --disk 128M --disk 1G --disk 6G \
    --share "$work" --silence 600 --env DMAGENTS_TEST_IMAGE="$work/image" -- \
    dotnet tests/DmAgents.EndToEnd.Tests/bin/Debug/net10.0/DmAgents.EndToEnd.Tests.dll --in-lab .Containerd. \
    Pools.MetadataTests Pools.SmallPoolTests
}

boundary() {
  tests/lab/run --userland "$release" --memory 2G --disk 3G --disk 128M --disk 3G --silence 300 -- \
    dotnet tests/DmAgents.Kernel.Tests/bin/Debug/net10.0/DmAgents.Kernel.Tests.dll --in-lab \
    Metadata Format FileSystem Sector
}

containerd_parts() {
  part "the README's lines on a new host" tests/readme/run.sh "$release"
  part "metadata and file systems by its tools" boundary
  part "the demonstration with containerd of Debian $release" deploy/containerd/demo.sh --userland "$release"
  part "the end-to-end tests with it, and with thin-provisioning-tools" end_to_end
}

docker_parts() {
  part "the demonstration with Docker of Debian $release" deploy/docker/demo.sh --userland "$release"
  part "tests with it" tests/docker/image-store.sh "$release"
}

# What both halves need is made before. A guest has one processor: the halves run side by side.
deploy/build.sh && deploy/image/build.sh "$work/image" && tests/lab/run --userland "$release" -- true || exit
containerd_parts > "$work/containerd" 2>&1 &
docker_parts
wait
cat "$work/containerd"

awk '{ passed += $1; failed += $2; skipped += $3 }
  END { printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || passed == 0 }' "$work/counts"
