#!/usr/bin/env bash
# The guest's part of run.sh.
set -uo pipefail
zoned=/dev/nvme0n1 passed=0 failed=0
read -r plain state <<<"$LAB_DISKS"
modprobe nvme
until [[ -b $zoned ]]; do sleep 0.1; done
mkfs.ext4 -q -F "$state" && mkdir -p /run/zoned && mount "$state" /run/zoned
cat >/run/zoned/agent.conf <<'END'
dmagents {
  state-directory = "/run/zoned/state"
  admin.socket = "/run/zoned/admin.sock"
  containerd.socket = "/run/zoned/containerd.sock"
  log-level = "warning"
}
END
"$BIN/dmagentd" --config /run/zoned/agent.conf >/run/zoned/log 2>&1 &
agent=$!
until [[ -S /run/zoned/admin.sock ]]; do
  kill -0 $agent 2>/dev/null || { cat /run/zoned/log; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
  sleep 0.5
done
dmagent() { "$BIN/dmagent" --socket /run/zoned/admin.sock "$@"; }
check() {
  if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)); printf '  FAILED  %s\n' "$1"; fi
}
# The command ends with a usage error that names the disk and the reason, and writes nothing to the disk.
refuses() {
  local said status=0
  said=$(dmagent "$@" 2>&1) || status=$?
  echo "$said"
  [[ $status == 2 && $said == *"$zoned: its zones can only be written from start to end (host-managed)"* ]]
}
untouched() { [[ $(head -c 1M $zoned | tr -d '\0' | wc -c) == 0 ]]; }

check "the disk is host-managed" grep -q host-managed /sys/block/nvme0n1/queue/zoned
check "as data" refuses pool create a --data $zoned --metadata "$plain"
check "as metadata" refuses pool create a --data "$plain" --metadata $zoned
check "as the one disk" refuses pool create a --disk $zoned
check "even by force" refuses pool create a --disk $zoned --force
check "the plain disk makes a pool" dmagent pool create ok --disk "$plain"
check "as more of its data" refuses pool grow ok --add $zoned
check "as more of its metadata" refuses pool grow ok --add $zoned --metadata
check "as a spare" refuses pool spare add ok $zoned
check "nothing was written to it" untouched
check "the pool agrees" dmagent pool check ok
check "there is no other pool" [ "$(dmagent -q pool list)" = ok ]
kill $agent
wait $agent
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
