# What the guests of this folder share: checks, and processes that are waited for. Sourced. Needs BIN_AGENT and BIN_CLI.
# shellcheck shell=bash
passed=0 failed=0

dmagent() { "$BIN_CLI/dmagent" "$@"; }

# Something that has to be so; a test of its own. "check WHAT COMMAND..."
check() {
  local what=$1
  shift
  if "$@" > /tmp/check.log 2>&1; then
    printf 'PASS: %s (%d s)\n' "$what" $SECONDS
    passed=$((passed + 1))
  else
    printf 'FAIL: %s\n' "$what"
    cat /tmp/check.log
    failed=$((failed + 1))
  fi
}

finish() {
  ((failed == 0)) || tail -n 40 /tmp/dmagentd.log /tmp/containerd.log /tmp/dockerd.log 2> /dev/null
  printf '\n%d passed, %d failed, 0 skipped\n' $passed $failed
  [ $failed = 0 ]
  exit
}

give_up() {
  echo "FAIL: $1"
  failed=$((failed + 1))
  finish
}

# "await SECONDS COMMAND..."
await() {
  local end=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

gone() { ! kill -0 "$1"; }

start_agent() {
  "$BIN_AGENT/dmagentd" --config /tmp/dmagents.conf >> /tmp/dmagentd.log 2>&1 &
  AGENT=$!
  await 300 dmagent host status || give_up "the agent does not come up"
}

equal() { echo "$1"; echo "$2"; [ -n "$1" ] && [ "$1" = "$2" ]; }

# "fails_with WORD COMMAND...": WORD is in what it says.
fails_with() {
  local word=$1
  shift
  if "$@" > /tmp/refused.log 2>&1; then return 1; fi
  cat /tmp/refused.log
  grep -q -- "$word" /tmp/refused.log
}

fails() { if "$@"; then return 1; fi; }
