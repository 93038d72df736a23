#!/bin/bash
# What run.sh does in a guest of the lab. Given by it: SUITE (the compiled program), BIN_AGENT and BIN_CLI (where
# dmagentd and dmagent are), WHAT (agent or baseline), LAB_DISKS (data, metadata, the agent's state).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
read -r data metadata state <<< "$LAB_DISKS"
# /tmp is a real tmpfs here: the suite compares trees, and an overlay shows other inodes.
export TMPDIR=/tmp
passed=0 failed=0 skipped=0

# Runs the program once. "pass NAME ARGUMENT..."
pass() {
  local name=$1 log=/tmp/pass.log status started=$SECONDS
  shift
  printf '\n-- %s\n' "$name"
  "$SUITE" -test.v -test.timeout 10m "$@" > $log 2>&1
  status=$?
  # A test with subtests is no test of its own. What a failed test logged comes before its verdict.
  awk -v status=$status '
    /^ *--- (PASS|FAIL|SKIP): / { verdict[$3] = $2; order[++n] = $3; took[$3] = $4
      for (i = 1; i <= length($3); i++) if (substr($3, i, 1) == "/") parent[substr($3, 1, i - 1)] = 1 }
    END {
      for (i = 1; i <= n; i++) {
        name = order[i]
        if (name in parent) { if (verdict[name] == "FAIL:") under++; continue }
        count[verdict[name]]++
        printf "%s %s %s\n", verdict[name], name, took[name]
      }
      # A failure of a parent alone, or an end without a verdict, must not be lost.
      if (status != 0 && !count["FAIL:"]) { print "FAIL: ended with status", status; count["FAIL:"]++ }
      if (n == 0) { print "FAIL: no test ran"; count["FAIL:"] = 1 }
      printf "%d %d %d\n", count["PASS:"], count["FAIL:"], count["SKIP:"]
    }' $log > /tmp/verdicts
  head -n -1 /tmp/verdicts
  read -r p f s < <(tail -n 1 /tmp/verdicts)
  [ "$f" = 0 ] || cat $log
  printf -- '-- %s: %d passed, %d failed, %d skipped in %d s\n' "$name" "$p" "$f" "$s" $((SECONDS - started))
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# Something that has to be so between the passes; a test of its own.
check() {
  local what=$1
  shift
  if "$@" > /tmp/check.log 2>&1; then
    echo "PASS: $what"
    passed=$((passed + 1))
  else
    echo "FAIL: $what"
    cat /tmp/check.log
    failed=$((failed + 1))
  fi
}

finish() {
  printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
  [ $failed = 0 ]
  exit
}

# Ends the run; the log of what did not come up is shown.
give_up() {
  echo "FAIL: $1"
  tail -n 30 "$2"
  failed=$((failed + 1))
  finish
}

# "await SECONDS COMMAND..."
await() {
  local tenths=$(($1 * 10))
  shift
  while ((tenths-- > 0)); do
    "$@" > /dev/null 2>&1 && return
    sleep 0.1
  done
  return 1
}

start_containerd() {
  containerd --config "$1" > /tmp/containerd.log 2>&1 &
  await 30 test -S /run/containerd/containerd.sock || give_up "containerd does not come up" /tmp/containerd.log
}

. "$here/guest-$WHAT.sh"
finish
