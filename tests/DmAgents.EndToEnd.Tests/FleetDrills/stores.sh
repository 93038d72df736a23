# shellcheck shell=bash disable=SC2154  # shares its variables with fleet-drills.sh
# The database, full pools and damaged disks. Sourced by fleet-drills.sh.

drill database-away "PostgreSQL is stopped for a minute under load: changes are refused at once, hosts work on"
drill_database_away() {
  local begun made=0 asked=0 began took longest=0
  at ada writer begin "web-ada"
  stop_database
  begun=$SECONDS
  await "ada says that the database is away" ada database_is ada away
  while ((SECONDS - begun < 60)); do
    began=$(milliseconds)
    refuses bea "database" image copies own-bea:1 2 || die "a change is not refused by its reason"
    took=$(($(milliseconds) - began))
    ((took <= longest)) || longest=$took
    asked=$((asked + 1))
    dm cem container create "meanwhile-$made" --image own-cem:1 --mount --quiet > /dev/null \
      || die "no container on cem"
    at cem write "meanwhile-$made"
    made=$((made + 1))
  done
  figure "database away: $asked changes refused, the slowest after $longest ms, the command's start included"
  note "$made containers were made meanwhile"
  start_database
  began=$(milliseconds)
  until dm bea image copies own-bea:1 2 > /dev/null 2>&1; do sleep 0.2; done
  figure "PostgreSQL back until the first change of the fleet: $(($(milliseconds) - began)) ms"
  await "the fleet has made the copy" bea has_two bea own-bea:1
  await "it knows the containers that were made" ada knows_container ada "meanwhile-$((made - 1))" cem
  [[ $(at ada writer end "web-ada") =~ \ errors\ 0\  ]] || die "a container could not write meanwhile"
  at cem verify || die "what cem acknowledged meanwhile is lost"
  while ((made > 0)); do
    made=$((made - 1))
    dm cem container remove "meanwhile-$made" --force > /dev/null
  done
  sed -i '/meanwhile/d' "$work/ledger.cem"
  dm bea image copies own-bea:1 1 > /dev/null
  await "the surplus copy is gone" bea has_one bea own-bea:1
}

drill database-hangs "PostgreSQL takes connections and answers nothing: changes are refused, hosts work on"
drill_database_hangs() {
  signal_database STOP
  await "ada says that the database is away" ada database_is ada away
  await_refusal "bea refuses a change, and says why" bea "database" image copies own-bea:1 2
  dm cem container create meanwhile --image own-cem:1 --mount --quiet > /dev/null || die "no container on cem"
  at cem write meanwhile
  signal_database CONT
  await "ada has the database again" ada database_is ada ready
  await "the fleet takes changes" bea dm bea image copies own-bea:1 2
  await "the fleet has made the copy" bea has_two bea own-bea:1
  await "it knows the container that was made" ada knows_container ada meanwhile cem
  dm cem container remove meanwhile --force > /dev/null
  sed -i '/meanwhile/d' "$work/ledger.cem"
  dm bea image copies own-bea:1 1 > /dev/null
  await "the surplus copy is gone" bea has_one bea own-bea:1
}

drill full-receiver "a copy to a host whose pool is full is refused, with the host and the reason, and leaves nothing"
drill_full_receiver() {
  make_image ada full:1 40
  local heavy
  for heavy in heavy-1 heavy-2; do
    dm dov container create $heavy --image own-dov:1 --mount --quiet > /dev/null || die "no container on dov"
  done
  at dov fill 20 heavy-1 heavy-2
  expect "ada reports that dov has no room" refuses ada "dov.*free\|free.*dov" image copy full:1 --to dov
  note "$(grep -v '^ *$' "$work/refusal" | tail -n 3 | tr '\n' ' ')"
  expect "dov has nothing of it" image_gone dov full:1
  expect "nothing remains of it on dov" at dov remains
  for heavy in heavy-1 heavy-2; do dm dov container remove $heavy --force > /dev/null; done
  # What they still had to write waits for room, as long as the pool's full-wait.
  await "dov has its room again" dov has_devices dov
  dm dov image copy full:1 --from ada > /dev/null || die "dov does not take it yet"
  holds dov full:1 "$tree"
  remove_image full:1
}

drill corrupt-block "a block damaged on a sender's disk is found by its digest, and comes from another source"
drill_corrupt_block() {
  make_image ada corrupt:1 24 "the-mark-of-this-drill-0123456789"
  dm bea image copy corrupt:1 --from ada > /dev/null
  await "bea has noted its content" bea has_two bea corrupt:1
  at bea damage "the-mark-of-this-drill-0123456789" || die "the mark was not found on bea's disk"
  dm dov image copy corrupt:1 --from bea > "$work/copy.log" 2>&1 || die "no other source: $(tail -n 3 "$work/copy.log")"
  note "ok: the copy that begins at bea has ended"
  holds dov corrupt:1 "$tree"
  dm dov image remove corrupt:1 > /dev/null
  dm ada image remove corrupt:1 > /dev/null
  expect "bea alone cannot bring it, and is named" refuses dov "bea" image copy corrupt:1 --from bea
  note "$(grep -v '^ *$' "$work/refusal" | tail -n 3 | tr '\n' ' ')"
  expect "dov has nothing of it" image_gone dov corrupt:1
  remove_image corrupt:1
}
