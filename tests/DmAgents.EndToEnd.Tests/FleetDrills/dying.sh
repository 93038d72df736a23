# shellcheck shell=bash disable=SC2154  # shares its variables with fleet-drills.sh
# Hosts and agents that die or restart. Sourced by fleet-drills.sh.

drill sender-killed "a sender loses its power, then its agent, in the middle of a copy, which ends all the same"
drill_sender_killed() {
  make_image bea sender:1 40
  dm ada image copy sender:1 --from bea > /dev/null
  begin_copy dov sender:1 --from bea
  await "dov has received a part" dov has_received dov 6
  lab cut bea
  end_copy
  note "ok: the copy has ended, by another source"
  holds dov sender:1 "$tree"
  start_again bea
  await "all are back" ada all_members
  at bea verify || die "what bea had acknowledged before the power cut is lost"
  remove_image sender:1
  # The only source: the copy waits for it, and goes on.
  make_image bea sender:2 40
  begin_copy dov sender:2 --from bea
  await "dov has received a part" dov has_received dov 6
  at bea kill
  at bea begin-again
  end_copy
  note "ok: the copy has ended by the same source, which is back"
  holds dov sender:2 "$tree"
  remove_image sender:2
}

drill receiver-killed "a receiver loses its agent, then its power, in the middle of a copy: it continues by itself"
drill_receiver_killed() {
  make_image ada receiver:1 40
  begin_copy cem receiver:1 --from ada
  await "cem has received a part" cem has_received cem 6
  at cem kill
  wait "$copy" || true
  at cem begin-again
  await "cem brings the rest by itself" cem has_image cem receiver:1
  await "the copy has ended" cem no_transfer cem
  holds cem receiver:1 "$tree"
  begin_copy dov receiver:1 --from ada
  await "dov has received a part" dov has_received dov 6
  lab cut dov
  wait "$copy" || true
  start_again dov
  await "dov brings the rest by itself" dov has_image dov receiver:1
  await "the copy has ended" dov no_transfer dov
  holds dov receiver:1 "$tree"
  remove_image receiver:1
}

drill coordinator-killed "the host with the shards' coordinator loses its power in the middle of others' copy"
drill_coordinator_killed() {
  local oldest others=() host begun
  oldest=$(host_of ada .is_oldest)
  note "the oldest is $oldest"
  for host in "${hosts[@]}"; do [ "$host" = "$oldest" ] || others+=("$host"); done
  local from=${others[0]} to=${others[1]} third=${others[2]}
  make_image "$from" coordinator:1 40
  begin_copy "$to" coordinator:1 --from "$from"
  await "$to has received a part" "$to" has_received "$to" 6
  lab cut "$oldest"
  begun=$(milliseconds)
  at "$third" answers 24
  begun=$((($(milliseconds) - begun) / 1000))
  figure "host with the coordinator killed until 24 of 24 entities answer elsewhere: $begun s"
  end_copy
  note "ok: the copy of the others has ended"
  holds "$to" coordinator:1 "$tree"
  dm "$third" image copies coordinator:1 3 > /dev/null || die "the fleet does not take changes"
  await "the fleet makes a third copy, without the lost host" "$third" has_image "$third" coordinator:1
  start_again "$oldest"
  await "all are back" "$third" all_members
  dm "$third" image copies coordinator:1 1 > /dev/null || die "the fleet does not take changes"
  remove_image coordinator:1
}

drill rolling-restart "all agents are restarted, one after the other, while containers write: no I/O error"
drill_rolling_restart() {
  local host report longest=0
  for host in "${hosts[@]}"; do at "$host" writer begin "web-$host"; done
  for host in "${hosts[@]}"; do
    at "$host" stop
    at "$host" begin-again
    await "$host is a member again" "$host" stands "$host" member
    await "all see each other" ada all_members
  done
  for host in "${hosts[@]}"; do
    report=$(at "$host" writer end "web-$host")
    note "$host: $report"
    [[ $report =~ ^writes\ [1-9][0-9]*\ errors\ 0\ longest_ms\ ([0-9]+)$ ]] || die "a writer on $host: $report"
    ((BASH_REMATCH[1] <= longest)) || longest=${BASH_REMATCH[1]}
  done
  figure "rolling restart of four agents: no I/O error, the longest synced write of a container took $longest ms"
}
