#!/bin/bash
# Measures the rate of an image copy in the lab, with each host's link limited to the same rate: from one host to
# another beside `dd` over `nc` between the same disks; and from one host to three at once beside one to one. Prints
# one table. See tests/Bench/README.md.
#
#   tests/Bench/rates.sh              some minutes, once it is built
#   tests/Bench/rates.sh --rounds N   so many of each; 5 unless told
#   tests/Bench/rates.sh --image DIR  another image than the demonstration's: an OCI layout
#   tests/Bench/rates.sh --link RATE  links of this rate, as tc writes it; 1gbit unless told
#
# Takes Debian's netcat-openbsd by apt, without installing it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
rounds=5 image='' link=1gbit
while (($#)); do
  case $1 in
    --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
    --image) image=${2:?--image needs a directory}; shift 2 ;;
    --link) link=${2:?--link needs a rate, such as 100mbit}; shift 2 ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
"$root/tests/lab/install.sh" >&2
"$root/deploy/build.sh" >&2
DMAGENTS_LAB_DIR=$(mktemp -d /tmp/dmrates.XXXXXX)
export DMAGENTS_LAB_DIR
work=$DMAGENTS_LAB_DIR/work
mkdir -p "$work/nc"
lab() { "$root/tests/lab/host" "$@"; }
hosts=(first second third fourth)
clear_away() {
  for host in "${hosts[@]}"; do lab rm "$host" >/dev/null 2>&1 || true; done
  lab net down >/dev/null 2>&1 || true
  rm -rf "$DMAGENTS_LAB_DIR"
}
trap clear_away EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -n "$image" ]; then cp -a "$image" "$work/image"; else "$root/deploy/image/build.sh" "$work/image" >&2; fi
(cd "$work/nc" && apt-get download -q -o APT::Sandbox::User=root netcat-openbsd >/dev/null && dpkg -x ./*.deb .)
lab net up
bin=$root/artifacts/bin
on() {
  local host=$1
  shift
  lab exec "$host" --timeout 0 --silence 600 -- "$@"
}
in_guest() { on "$1" bash "$here/rates-guest.sh" "$2" "$work" "${@:3}"; }
number=0 token=''
for host in "${hosts[@]}"; do
  number=$((number + 1))
  lab start "$host" --memory 1200M --disk 2G --disk 64M --disk 1G --disk 2G --disk 64M --net --share "$work" \
    --env "BIN=$bin" --env "NAME=$host"
  in_guest "$host" begin >&2
  if [ -z "$token" ]; then
    on "$host" "$bin/dmagent" fleet init bench --address 10.77.0.1:9471 >&2
    on "$host" "$bin/dmagent" image import "$work/image" --quiet >&2
  else
    on "$host" "$bin/dmagent" fleet join 10.77.0.1:9471 --token "$token" --address "10.77.0.$number:9471" >&2
  fi
  token=$(on first "$bin/dmagent" fleet token --quiet)
  # What the bridge sends to the host, and what the host sends: the other hosts' taps limit that.
  lab net exec -- tc qdisc add dev "tap$number" root tbf rate "$link" burst 1mb latency 100ms
done
mib=$(in_guest first mapped)
for host in first second; do in_guest "$host" raw "$mib" >&2; done

now() { echo $((${EPOCHREALTIME/./} / 1000)); }
times=$work/times
median() { awk -v row="$1" '$1 == row { print $2 }' "$times" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
took() { echo "$1 $(($(now) - $2))" >>"$times"; }

copy() {
  local row=$1 begun sent host
  shift
  sent=$(in_guest first sent) begun=$(now)
  on first "$bin/dmagent" image copy debian:demo --to "$@" --quiet >&2
  took "$row" "$begun"
  echo "$row-sent $((($(in_guest first sent) - sent) >> 20))" >>"$times"
  for host in "$@"; do in_guest "$host" forget >&2; done
}

plain() {
  local begun receiving
  in_guest second receive "$mib" >&2 &
  receiving=$!
  in_guest second listens
  begun=$(now)
  in_guest first send "$mib" 10.77.0.2 >&2
  wait "$receiving"
  took plain "$begun"
  in_guest second raw "$mib" >&2
}

# The first round warms up and does not count.
for round in $(seq 0 "$rounds"); do
  plain
  copy one second
  copy three second third fourth
  [ "$round" != 0 ] || rm "$times"
done
printf '%s rounds, %s MiB, links of %s, medians in milliseconds\n\n' "$rounds" "$mib" "$link"
printf '%-60s %8s\n' "dd over nc, from one host to another" "$(median plain)"
printf '%-60s %8s\n' "image copy, from one host to another" "$(median one)"
printf '%-60s %8s\n' "image copy, from one host to three at once" "$(median three)"
printf '\nrate of the copy, against dd over nc: %s\n' "$(echo "scale=2; $(median plain) / $(median one)" | bc)"
printf 'one to three, against one to one: %s; the first host sent %s MiB, and %s MiB\n' \
  "$(echo "scale=2; $(median three) / $(median one)" | bc)" "$(median three-sent)" "$(median one-sent)"
