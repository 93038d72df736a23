# The suite against the agent. Sourced.
# shellcheck shell=bash

dmagent() { "$BIN_CLI/dmagent" "$@"; }
thins() { dmsetup ls 2> /dev/null | grep -c '^dmagents-main-[0-9]' || true; }

# "start_agent SETTING..."
start_agent() {
  printf 'dmagents.%s\n' 'pool.base-size = 1GiB' "$@" > /tmp/dmagents.conf
  "$BIN_AGENT/dmagentd" --config /tmp/dmagents.conf > /tmp/dmagentd.log 2>&1 &
  AGENT=$!
  await 60 test -S /run/dmagents/containerd.sock -a -S /run/dmagents/admin.sock ||
    give_up "the agent does not come up" /tmp/dmagentd.log
}

make_pool() {
  dmagent pool create main --data "$data" --metadata "$metadata" --file-system "$1" >> /tmp/dmagentd.log 2>&1 ||
    give_up "no pool" /tmp/dmagentd.log
}

no_thins() { [ "$(thins)" = 0 ]; }

# Every pass removes what it made: nothing is live any more but the pool.
is_empty() {
  await 30 no_thins
  dmagent pool check main && dmagent layer tree --pool main && dmsetup ls && no_thins
}

were_claimed() {
  local count
  count=$(sqlite3 /var/lib/dmagents/journal/journal.db \
    "select count(*) from readable where manifest like 'device-claimed%'") && echo "$count" && [ "$count" -gt 0 ]
}

stop_agent() {
  kill $AGENT
  wait $AGENT
}

mkdir -p /var/lib/dmagents
mkfs.ext4 -q "$state" && mount "$state" /var/lib/dmagents
start_agent
socket=(-socket /run/dmagents/containerd.sock -snapshotter dmagents)

make_pool ext4
pass "the agent, ext4" "${socket[@]}"
check "nothing is left of it" is_empty
pass "the same pool again, eight tests at once" "${socket[@]}" -test.parallel 8
check "nothing is left of it" is_empty

dmagent containerd config > /tmp/dmagents.toml || give_up "no configuration for containerd" /dev/null
# CRI looks for a network that is not here.
cat > /tmp/containerd.toml << END
version = 2
imports = ["/tmp/dmagents.toml"]
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
END
start_containerd /tmp/containerd.toml
pass "through containerd" -socket /run/containerd/containerd.sock -snapshotter dmagents \
  -test.run '^(TestSuite|TestUsage|TestRename|TestMany.*)$'
kill $! && wait $!

dmagent pool remove main --force > /dev/null
check "the agent ends with status 0" stop_agent
start_agent 'containerd.stock.per-layer = 2' 'containerd.stock.asked-for = 1'
make_pool xfs
pass "the agent with a stock, xfs" "${socket[@]}" -fs xfs
check "snapshots of the stock were handed out" were_claimed
check "nothing is left of it" is_empty
check "the agent ends with status 0" stop_agent
