# shellcheck shell=bash disable=SC2154  # shares its variables with fleet-drills.sh
# Networks that are cut or slow. Sourced by fleet-drills.sh.

tap_of() { echo "tap$(cat "$DMAGENTS_LAB_DIR/hosts/$1/index")"; }
in_lab() { lab net exec -- "$@"; }
sent_by() { quietly_on "$1" cat /sys/class/net/vec0/statistics/tx_bytes; }

drill cut-off-and-healed "a host that is cut off serves its containers, refuses changes, and comes back"
drill_cut_off_and_healed() {
  local host=cem
  lab net isolate cem
  await "cem says that it is cut off" cem stands cem cut_off
  expect "cem refuses a change of the fleet, and says why" refuses cem "cut off" image copies own-cem:1 2
  at cem write "web-cem"
  dm cem container create "cut-$host" --image own-cem:1 --mount --quiet > /dev/null || die "no container on cem"
  at cem write "cut-$host"
  await "the fleet is without cem" ada has_state ada cem away
  dm ada image copies own-ada:1 2 > /dev/null || die "the others take no change"
  await "the others make copies" ada has_two ada own-ada:1
  lab net heal cem
  await "cem is back by itself" cem stands cem member
  await "all reach each other" ada all_members
  await "the fleet knows the container that cem made" ada knows_container ada cut-cem cem
  at cem verify || die "what cem acknowledged while it was cut off is lost"
  dm ada image copies own-ada:1 1 > /dev/null
  dm cem container remove "cut-$host" --force > /dev/null
  sed -i '/cut-/d' "$work/ledger.cem"
  await "the surplus copy is gone" ada has_one ada own-ada:1
}
holders_of() { dm "$1" image explain "$2" --json | jq '[.hosts[] | select(.holding == "whole")] | length'; }
has_two() { [ "$(holders_of "$@")" = 2 ]; }
has_one() { [ "$(holders_of "$@")" = 1 ]; }
knows_container() {
  dm "$1" container list --fleet --json | jq -e --arg name "$2" --arg host "$3" \
    '[.containers[] | select(.name == $name and .host == $host)] | length == 1' > /dev/null
}

# Two bridges with a cable between them: the second half of the hosts on the other one.
part_hosts() {
  in_lab ip link add br1 type bridge
  in_lab ip link set br1 up
  in_lab ip link add cable0 type veth peer name cable1
  in_lab ip link set cable0 master br0 up
  in_lab ip link set cable1 master br1 up
  local host
  for host in "$@"; do in_lab ip link set "$(tap_of "$host")" master br1; done
}
join_hosts() {
  local host
  for host in "$@"; do lab net heal "$host"; done
  in_lab ip link del cable0
  in_lab ip link del br1
}

drill halves "of two halves the one with the lowest address stays; the other says so, and comes back"
drill_halves() {
  part_hosts cem dov
  await "all reach each other over the second bridge" ada all_members
  in_lab ip link set cable0 down
  live_as_halves
  in_lab ip link set cable0 up
  be_whole_again
  join_hosts cem dov
}

drill halves-with-one-database "the same if both halves reach the database, in which one writer fences the other"
drill_halves_with_one_database() {
  hide_halves
  live_as_halves
  show_halves
  be_whole_again
}

# Packets between ada or bea and cem or dov go to addresses that no host has.
hide_halves() {
  local host number
  for host in ada bea; do
    for number in 3 4; do lose_packets "$host" "10.77.0.$number"; done
  done
  for host in cem dov; do
    for number in 1 2; do lose_packets "$host" "10.77.0.$number"; done
  done
}
lose_packets() { quietly_on "$1" ip neigh replace "$2" lladdr 02:4d:41:ff:ff:ff dev vec0; }
show_halves() {
  local host
  for host in "${hosts[@]}"; do quietly_on "$host" ip neigh flush dev vec0 nud permanent; done
}

# ada and bea on one side, cem and dov on the other, from now on.
live_as_halves() {
  local host
  for host in cem dov; do
    await "$host says that it is cut off" "$host" stands "$host" cut_off
    expect "$host refuses a change of the fleet, and says why" refuses "$host" "cut off" image copies "own-$host:1" 2
    at "$host" write "web-$host"
    dm "$host" container create "cut-$host" --image "own-$host:1" --mount --quiet > /dev/null \
      || die "no container on $host"
    at "$host" write "cut-$host"
  done
  for host in cem dov; do await "the side of the lowest address is without $host" ada has_state ada "$host" away; done
  for host in ada bea; do
    expect "$host is a member still" stands "$host" member
  done
  for host in cem dov; do
    await "$host is out, and waits" "$host" is_out "$host"
    expect "$host refuses a change of the fleet still" refuses "$host" "fleet" image copies "own-$host:1" 2
  done
  dm bea image copies own-bea:1 2 > /dev/null || die "the side that stays takes no change"
  await "it makes copies" bea has_two bea own-bea:1
}
be_whole_again() {
  local host
  for host in cem dov; do await "$host is back by itself" "$host" stands "$host" member; done
  await "all reach each other" ada all_members
  for host in cem dov; do
    await "the fleet knows what $host made meanwhile" ada knows_container ada "cut-$host" "$host"
    at "$host" verify || die "what $host acknowledged while it was cut off is lost"
    dm "$host" container remove "cut-$host" --force > /dev/null
    sed -i '/cut-/d' "$work/ledger.$host"
  done
  dm bea image copies own-bea:1 1 > /dev/null
  await "the surplus copy is gone" bea has_one bea own-bea:1
}
is_out() { [[ $(asked "$1" | jq -r .standing) =~ ^(removed|rejoining|joining)$ ]]; }

drill slow-peer "one of two sources has a slow line: the copy does not wait for it"
drill_slow_peer() {
  local sent
  make_image ada slow:1 40
  dm bea image copy slow:1 --from ada > /dev/null
  part_hosts bea
  # 256 kbit/s out of bea: alone it would take twenty minutes.
  in_lab tc qdisc add dev cable1 root tbf rate 256kbit burst 16kb latency 2s
  sent=$(sent_by ada)
  dm dov image copy slow:1 --from bea > /dev/null || die "the copy is refused"
  sent=$((($(sent_by ada) - sent) >> 20))
  note "ok: the copy has ended [${SECONDS}s]"
  expect "ada, which is fast, sent $sent of 40 MiB" test "$sent" -ge 32
  in_lab tc qdisc del dev cable1 root
  join_hosts bea
  holds dov slow:1 "$tree"
  remove_image slow:1
}
