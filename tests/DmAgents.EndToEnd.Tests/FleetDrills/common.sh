# shellcheck shell=bash disable=SC2034,SC2154  # shares its variables with the script that sources it
# What the drills have in common. Sourced by fleet-drills.sh, after tests/lab/fleet.sh.

dm() {
  local host=$1
  shift
  quietly_on "$host" "$BIN/dmagent" "$@"
}
at() {
  local host=$1
  shift
  quietly_on "$host" bash "$work/on-host.sh" "$@"
}
# A figure that the drill gives for free: printed now, and once more at the end.
figure() {
  note "figure: $*"
  echo "$*" >> "$work/figures"
}
milliseconds() { echo $((${EPOCHREALTIME/./} / 1000)); }
# "refuses HOST WORDS COMMAND...": dmagent ends with an error that says so.
refuses() {
  local host=$1 words=$2
  shift 2
  if dm "$host" "$@" > "$work/refusal" 2>&1; then
    note "not refused: dmagent $*: $(tr '\n' ' ' < "$work/refusal")"
    return 1
  fi
  grep -qi -- "$words" "$work/refusal" || { note "refused by other words: $(tr '\n' ' ' < "$work/refusal")"; return 1; }
}
# What is refused with these words at last; another refusal before is that of a state which is not seen yet.
await_refusal() {
  await "$1" "$2" refuses "${@:2}"
}
tree_is() { [ "$(at "$1" tree "$2")" = "$3" ]; }
image_gone() { ! has_image "$@"; }
no_transfer() { [ "$(dm "$1" transfer list --json | jq '.transfers | length')" = 0 ]; }
host_of() { dm "$1" fleet status --json | jq -r ".hosts[] | select($2) | .host" | head -n 1; }
all_members() {
  local host other
  for host in "${hosts[@]}"; do
    [ "$(asked "$host" | jq -r '.standing + " " + ([.hosts[] | select(.state == "up" and .unreachable_since == null)]
      | length | tostring)')" = "member ${#hosts[@]}" ] || return 1
  done
}
# A container of the image on the host has the tree; then image and container go.
holds() {
  local host=$1 image=$2 tree=$3
  dm "$host" container create "probe-$host" --image "$image" --mount --quiet > /dev/null \
    || die "no container of $image on $host"
  expect "$host has $image, bit for bit" tree_is "$host" "probe-$host" "$tree"
  dm "$host" container remove "probe-$host" --force > /dev/null
}
# "make_image HOST IMAGE MIB [MARK]"; sets tree, its container's digest.
make_image() {
  at "$1" image "$2" "$3" "${4:-}"
  dm "$1" container create "probe-$1" --image "$2" --mount --quiet > /dev/null
  tree=$(at "$1" tree "probe-$1")
  dm "$1" container remove "probe-$1" --force > /dev/null
}
# Everywhere; the fleet may remove a surplus copy at the same time.
remove_image() {
  local image=$1 host
  for host in "${hosts[@]}"; do
    image_gone "$host" "$image" || dm "$host" image remove "$image" --force > /dev/null 2>&1 \
      || image_gone "$host" "$image" \
      || die "$image stays on $host"
  done
}
# A copy in the background, by the command line on that host: "begin_copy HOST IMAGE [OPTION...]".
begin_copy() {
  local host=$1 image=$2
  shift 2
  dm "$host" image copy "$image" "$@" > "$work/copy.log" 2>&1 &
  copy=$!
}
has_received() {
  kill -0 "$copy" || die "the copy has ended too early: $(tail -n 3 "$work/copy.log")"
  at "$1" received "$2"
}
end_copy() { wait "$copy" || die "the copy ended with: $(tail -n 3 "$work/copy.log")"; }

settings_of_all() {
  case ${DMAGENTS_DRILL_TIMES:-lab} in
    lab) : ;;
    defaults) echo 'dmagents.fleet { acceptable-pause = 5s, stable-after = 15s, removal-margin = 5s }' ;;
    *) die "DMAGENTS_DRILL_TIMES is lab or defaults" ;;
  esac
  # Copies take so long that there is a middle.
  echo 'dmagents.fleet.transfer.rate = 6MiB'
  echo 'dmagents.fleet.restore-after = 10m'
}

make_fleet() {
  local host number=1 token
  make_database
  settings_of_all > "$work/more.conf"
  for host in "${hosts[@]}"; do start_host "$host"; done
  dm ada fleet init drills --address 10.77.0.1:9471 > /dev/null
  for host in "${hosts[@]:1}"; do
    number=$((number + 1))
    token=$(dm ada fleet token --quiet)
    dm "$host" fleet join 10.77.0.1:9471 --token "$token" --address "10.77.0.$number:9471" > /dev/null
  done
  await "four hosts are a fleet" ada all_members
  for host in "${hosts[@]}"; do
    at "$host" image "own-$host:1" 2
    dm "$host" container create "web-$host" --image "own-$host:1" --mount --quiet > /dev/null
    at "$host" write "web-$host"
    at "$host" devices > "$work/devices.$host"
  done
}

unmake_fleet() {
  local host
  signal_database CONT > /dev/null 2>&1
  stop_database > /dev/null 2>&1 || true
  for host in "${hosts[@]}"; do lab rm "$host" > /dev/null 2>&1 || true; done
  lab net down > /dev/null 2>&1 || true
  rm -rf "$database/data" "$work"/ledger.* "$work"/devices.* "$work"/more-*.conf
}

nothing_remains() { at "$1" remains > "$work/remains.$1"; }
has_devices() {
  local now
  now=$(at "$1" devices)
  [ "$now" = "$(cat "$work/devices.$1")" ] || { echo "$now" > "$work/remains.$1"; return 1; }
}
agrees() { dm "$1" pool check main > "$work/check.$1" 2>&1; }
# Tries for so long; what is background work may come to its end.
within_tries() {
  local tries=$1
  shift
  while ! "$@"; do
    tries=$((tries - 1))
    ((tries > 0)) || return 1
    sleep 1
  done
}
check_fleet() {
  local host
  await "four hosts are members, and reach each other" ada all_members
  for host in "${hosts[@]}"; do
    at "$host" verify || die "on $host something acknowledged is lost"
    within_tries 120 has_devices "$host" \
      || die "$host has $(cat "$work/remains.$host"); before: $(cat "$work/devices.$host")"
    within_tries 60 nothing_remains "$host" || die "$(cat "$work/remains.$host")"
    within_tries 60 agrees "$host" || die "journal, pool and devices of $host: $(cat "$work/check.$host")"
  done
  note "ok: nothing acknowledged is lost, nothing remains, journal, pool and devices of each host agree [${SECONDS}s]"
}
