#!/bin/bash
# The part of imports.sh that runs in the lab. Arguments: an OCI layout, the number of rounds, and for each agent
# NAME=DIRECTORY of its build.
set -euo pipefail
image=$1 rounds=$2
shift 2
run=/run/bench
read -ra disks <<<"$LAB_DISKS"
mkdir -p $run
declare -A pid bin

now() { echo "${EPOCHREALTIME/./}"; }

# Milliseconds of a command go to the list of a row.
timed() {
  local row=$1 begun
  shift
  begun=$(now)
  "$@" >>$run/log 2>&1
  echo "$row $((($(now) - begun) / 1000))" >>$run/times
}

agent() {
  local name=$1
  shift
  "${bin[$name]}/dmagent" --socket "$run/$name.sock" "$@"
}

start() {
  local name=$1 state=$run/$1
  mkfs.ext4 -q -F "$4"
  mkdir -p "$state"
  mount "$4" "$state"
  cat >"$run/$name.conf" <<END
dmagents {
  state-directory = "$state"
  admin.socket = "$run/$name.sock"
  containerd.socket = "$run/$name-containerd.sock"
  log-level = "warning"
  pool.base-size = "2GiB"
}
END
  "${bin[$name]}/dmagentd" --config "$run/$name.conf" >>"$run/$name.log" 2>&1 &
  pid[$name]=$!
  until agent "$name" pool list >/dev/null 2>&1; do
    kill -0 "${pid[$name]}" || { cat "$run/$name.log" >&2; exit 1; }
    sleep 0.1
  done
  agent "$name" pool create "$name" --data "$2" --metadata "$3" >>$run/log 2>&1
}

# Until the blocks of removed layers are back: the pool's status stays the same for three seconds.
settle() {
  local before='' after same=0
  for _ in $(seq 100); do
    sleep 1
    after=$(dmsetup status --target thin-pool)
    if [ "$before" = "$after" ]; then same=$((same + 1)); else same=0; fi
    ((same < 3)) || return 0
    before=$after
  done
}

unpack() { "$@" && sync -f $run/umoci; }

names=()
index=0
for side in "$@"; do
  name=${side%%=*} bin[${side%%=*}]=${side#*=}
  names+=("$name")
  start "$name" "${disks[index]}" "${disks[index + 1]}" "${disks[index + 2]}"
  index=$((index + 3))
  # An agent that is not measured must not take the only processor.
  kill -STOP "${pid[$name]}"
done
mkfs.ext4 -q -F "${disks[index]}"
mkdir -p $run/umoci
mount "${disks[index]}" $run/umoci
# umoci reads a colon as the end of the path.
cp -r "$image" $run/layout
jq '.manifests[].annotations["org.opencontainers.image.ref.name"] = "demo"' "$image/index.json" >$run/layout/index.json

# The first round warms up and does not count.
for round in $(seq 0 "$rounds"); do
  # In turn the other way around: what comes after umoci finds a disk that is still busy.
  [ $((round % 2)) = 0 ] && order=("${names[@]}") || order=($(printf '%s\n' "${names[@]}" | tac))
  for name in "${order[@]}"; do
    kill -CONT "${pid[$name]}"
    timed "import,$name" agent "$name" image import "$run/layout" --reference debian:demo
    agent "$name" image remove debian:demo >>$run/log 2>&1
    settle
    kill -STOP "${pid[$name]}"
  done
  timed "umoci,unpack" unpack umoci unpack --image $run/layout:demo $run/umoci/bundle
  timed "umoci,raw_unpack" unpack umoci raw unpack --image $run/layout:demo $run/umoci/tree
  rm -rf $run/umoci/bundle $run/umoci/tree
  sync
  [ "$round" != 0 ] || rm $run/times
done

echo "kernel $(uname -r), $(nproc) processor(s); milliseconds until the tree is durable, $rounds round(s)"
printf '%-22s %8s %8s %8s\n' '' median fastest slowest
cut -d' ' -f1 $run/times | sort -u | while read -r row; do
  grep "^$row " $run/times | cut -d' ' -f2 | sort -n | awk -v row="${row/,/ }" '
    { t[NR] = $1 }
    END { printf "%-22s %8d %8d %8d\n", row, t[int((NR + 1) / 2)], t[1], t[NR] }'
done
for name in "${names[@]}"; do
  kill -CONT "${pid[$name]}"
  kill -TERM "${pid[$name]}"
  wait "${pid[$name]}" || true
done
