#!/bin/bash
# The guest's part of idle.sh.
set -euo pipefail
bin=$1 settle=45 span=60
read -r data metadata <<<"$LAB_DISKS"
mkdir -p /run/idle
cat > /run/idle/agent.conf <<END
dmagents {
  state-directory = "/run/idle/state"
  admin.socket = "/run/idle/admin.sock"
  containerd.socket = "/run/idle/containerd.sock"
  log-level = "warning"
}
END

"$bin/dmagentd" --config /run/idle/agent.conf > /run/idle/log 2>&1 &
agent=$!
until [ -S /run/idle/admin.sock ]; do
  kill -0 $agent 2> /dev/null || { cat /run/idle/log; exit 1; }
  sleep 0.2
done

# Each thread: its id, context switches of both kinds, name. Last the process's ticks of 10 ms.
threads() {
  local task
  for task in /proc/$agent/task/*; do
    # A thread of the pool may end meanwhile.
    awk -v id="${task##*/}" '/^Name:/ { name = $2 } /ctxt_switches/ { n += $2 } END { print id, n, name }' \
      "$task/status" 2> /dev/null || true
  done
  awk '{ print "ticks", $14 + $15, "-" }' /proc/$agent/stat
}

measure() {
  sleep $settle
  threads > /run/idle/before
  sleep $span
  threads > /run/idle/after
  local resident
  resident=$(awk '/^VmRSS:/ { print $2 / 1024 }' /proc/$agent/status)
  awk -v what="$1" -v span=$span -v resident="$resident" '
    FNR == NR { before[$1] = $2; next }
    $1 == "ticks" { cpu = ($2 - before[$1]) / span; next }
    { n = $2 - before[$1]; all += n; woke[$1 " " $3] = n }
    END {
      printf "%-12s %10.1f %12.2f %% %8.0f MiB\n", what, all / span, cpu, resident
      for (thread in woke) if (woke[thread] >= span / 4) printf "    %8.2f/s  thread %s\n", woke[thread] / span, thread
    }' /run/idle/before /run/idle/after
}

echo "kernel $(uname -r), $(nproc) processor(s); over $span s, after $settle s of rest"
printf '%-12s %10s %14s %12s\n' agent switches/s processor resident
measure "no pool"
"$bin/dmagent" --socket /run/idle/admin.sock pool create idle --data "$data" --metadata "$metadata" > /run/idle/made
measure "one pool"
"$bin/dmagent" --socket /run/idle/admin.sock fleet init bench --address 127.0.0.1:9471 > /run/idle/formed
measure "in a fleet"
kill -TERM $agent
wait $agent
