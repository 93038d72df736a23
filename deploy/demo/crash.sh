# The agent is killed in a burst of snapshots; sourced by play.sh.
# shellcheck shell=bash

act "The agent is killed in the midst of a burst of snapshots" "SIGKILL: nothing is said good-bye to. web1 keeps writing."
before=$(tree_hash "$MNT/mine")
note "content hash of image mine:1: ${before:0:16}"
: > /tmp/acknowledged
burst() {
  for i in $(seq "$1" 3 60); do
    "$BIN/dmagent" container create "burst$i" --image mine:1 --pool main --quiet > /dev/null 2>&1 &&
      echo "burst$i" >> /tmp/acknowledged || return 0
  done
}
burst 1 & b1=$!
burst 2 & b2=$!
burst 3 & b3=$!
acknowledged_are() { [ "$(wc -l < /tmp/acknowledged)" -ge "$1" ]; }
await "four snapshots are acknowledged" $AGENT acknowledged_are 4
kill -KILL $AGENT
wait $AGENT 2>/dev/null || true
wait $b1 $b2 $b3 || true
acknowledged=$(sort /tmp/acknowledged)
note "$(echo "$acknowledged" | wc -l) snapshots were acknowledged, then the agent was dead"
count=$(cat /tmp/writer.count)
writes_on() { [ "$(cat /tmp/writer.count)" -gt "$count" ]; }
await "web1 writes on without the agent" $WRITER writes_on
note "ok: web1 writes on without the agent"

act "It starts again" "Journal, pool and live devices are compared; what was begun is finished or undone."
start_agent
run pool check main
for name in $acknowledged; do
  quietly container mount "$name" --pool main
  after=$(tree_hash "$MNT/$name")
  quietly container unmount "$name" --pool main
  expect "$name is there, with the content hash ${after:0:16}" same "$after" "$before"
done
expect "web1 met no I/O error in $(cat /tmp/writer.count) writes" test ! -s /tmp/writer.errors
kill $WRITER
wait $WRITER 2>/dev/null || true
WRITER=''
note ""
note "the journal's last lines, as sqlite3 shows them:"
sqlite3 -separator '  ' $STATE/journal/journal.db \
  "select sequence_number, manifest, substr(event, 1, 90) from readable order by ordering desc limit 4" | sed 's/^/   /'
run event list --pool main --limit 3
