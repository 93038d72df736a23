#!/bin/bash
# Runs all tests, and ends with one line: N passed, N failed, N skipped.
#
#   tests/run.sh            everything; about 50 minutes on two processors
#   tests/run.sh --quick    what needs no kernel of its own; about six minutes
#
# Installs what it lacks by apt. Needs root and the .NET SDK 10. See tests/README.md.
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
quick=no
case ${1:-} in
  '') ;;
  --quick) quick=yes ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

step() { printf '\n== %s (%s)\n' "$1" "$(date +%T)"; }

# Runs one part and keeps what it printed; a part that ends badly without a count is one failure.
part() {
  local name=$1 log=$results/$1.log
  shift
  "$@" 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]}
  if [ "$status" -ne 0 ] && ! grep -qE '([1-9][0-9]* failed)|(Failed: +[1-9])' "$log"; then
    echo "$name ended with status $status"
    echo "0 passed, 1 failed, 0 skipped" >> "$log"
  fi
}

# Adds up what dotnet test ("Failed: 0, Passed: 5, Skipped: 0") and our own runners ("5 passed, ...") print.
count() {
  cat "$results"/*.log | awk '
    match($0, /Failed: +[0-9]+, Passed: +[0-9]+, Skipped: +[0-9]+/) {
      split(substr($0, RSTART, RLENGTH), n, /[^0-9]+/); failed += n[2]; passed += n[3]; skipped += n[4]; next }
    /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { passed += $1; failed += $3; skipped += $5 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 || passed == 0 }'
}

step "what is needed"
tests/lab/install.sh || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
if ! command -v dotnet >/dev/null; then
  echo "run: the .NET SDK 10 is missing; next: install dotnet-sdk-10.0 from https://dotnet.microsoft.com" >&2
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

step "build"
# Held to the lock files as in CI, so that a lock file that was forgotten is found here.
if ! dotnet build DmAgents.sln --nologo -v quiet -p:RestoreLockedMode=true; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

# Runs two lines of parts side by side, for two processors: what the second one prints comes after the first one's.
beside() {
  "$2" > "$results/second" 2>&1 &
  local second=$!
  "$1"
  wait "$second"
  cat "$results/second"
}

quick_tests() {
  local project
  for project in "$@"; do
    step "$project"
    part "$project" dotnet test "tests/DmAgents.$project.Tests/DmAgents.$project.Tests.csproj" --no-build --nologo \
      -v quiet --logger "console;verbosity=minimal" --filter "Needs!=Kernel&Needs!=Lab&Needs!=Postgres"
  done
}
# Either takes about half of the time.
agent_and_edges() { quick_tests Agent Cli Kernel; }
actors_and_others() { quick_tests Actors Engine Domain Fleet Transfer Images; }
beside agent_and_edges actors_and_others

# The agent as a whole, by the programs as they are installed: dmagent is native code then, and what that leaves out would
# be missed.
whole_agent() {
  step "a fleet's entities on a real PostgreSQL"
  part postgres dotnet test tests/DmAgents.Actors.Tests/DmAgents.Actors.Tests.csproj --no-build --nologo -v quiet \
    --logger "console;verbosity=minimal" --filter "Needs=Postgres"

  step "end to end: the agent on a real kernel with a real image"
  part end-to-end tests/lab/run --cgroups --memory 3G --disk 2G --disk 128M --disk 1G --disk 6G --share "$results" \
    --silence 900 --env DMAGENTS_TEST_IMAGE="$results/image" --env DMAGENTS_BIN="$root/artifacts/bin" -- \
    dotnet tests/DmAgents.EndToEnd.Tests/bin/Debug/net10.0/DmAgents.EndToEnd.Tests.dll --in-lab

  step "the demonstration of a fleet: four hosts on a network"
  part fleet-demo bash -c 'deploy/fleet/demo.sh && echo "1 passed, 0 failed, 0 skipped"'
}

kernel_and_clients() {
  step "the lab itself"
  part lab-selftest bash -c 'tests/lab/selftest.sh && echo "1 passed, 0 failed, 0 skipped"'

  step "the kernel boundary, and the contract, on a real kernel"
  part kernel tests/lab/run --memory 2G --disk 3G --disk 128M --disk 3G --silence 600 -- \
    dotnet tests/DmAgents.Kernel.Tests/bin/Debug/net10.0/DmAgents.Kernel.Tests.dll --in-lab Needs=Kernel

  step "containerd's own snapshotter test suite"
  part containerd tests/containerd/run.sh

  step "stores that a real Docker made"
  part docker tests/docker/run.sh

  step "the demonstrations, and the README's lines on a new host"
  part demo bash -c 'deploy/demo.sh --lab && echo "1 passed, 0 failed, 0 skipped"'
  part containerd-demo bash -c 'deploy/containerd/demo.sh && echo "1 passed, 0 failed, 0 skipped"'
  part readme tests/readme/run.sh

  step "the agent as a unit of a real systemd"
  part systemd tests/systemd/run.sh

  step "end to end: a storm of power cuts"
  part power-cuts tests/DmAgents.EndToEnd.Tests/power-cuts.sh

  step "end to end: power cut and reboot"
  part reboot tests/DmAgents.EndToEnd.Tests/reboot.sh
}

if [ $quick = no ]; then
  step "the programs as they are installed, and an image"
  part build bash -c 'deploy/build.sh >&2'
  part image bash -c 'deploy/image/build.sh "$1" >&2' image "$results/image"

  # A guest has one processor.
  beside whole_agent kernel_and_clients

  step "the clients and tools of Debian 13"
  part clients tests/clients.sh trixie
fi

# What failed once more, with what follows in the log: a record of a run may show its end only.
step "all"
grep -hE -A 12 '^ *FAILED |^  Failed [A-Z].* \[[<0-9].*\]$|^[a-z-]+ ended with status' "$results"/*.log | cut -c 1-300
count
