# shellcheck shell=bash disable=SC2034,SC2154  # shares its variables with the script that sources it
# A fleet of hosts of the lab with a database on their network: what the demonstration and the drills have in common.
# Sourced by a script that has set root, the checkout, and has functions: note TEXT and die TEXT, which ends it.
DMAGENTS_LAB_DIR=$(mktemp -d /tmp/dmfleet.XXXXXX)
export DMAGENTS_LAB_DIR
work=$DMAGENTS_LAB_DIR/work
hosts=(ada bea cem dov)
BIN=${DMAGENTS_BIN:-$root/artifacts/bin} IMAGE=$work/image
# Its user may enter it.
database=$(mktemp -d /tmp/dmfleet-db.XXXXXX)
postgres=$(dirname "$(find /usr/lib/postgresql -name pg_ctl | sort -V | tail -n 1)")
mkdir -p "$work"

lab() { "$root/tests/lab/host" "$@"; }
# The server is on the hosts' network, and runs as the package's own user.
serve_database() {
  lab net exec -- setpriv --reuid postgres --regid postgres --clear-groups "$postgres/pg_ctl" -D "$database/data" \
    -l "$database/log" -w "$@" > /dev/null
}
start_database() { serve_database start -o "-c listen_addresses=10.77.0.254 -c unix_socket_directories=$database"; }
stop_database() { serve_database stop -m fast; }
# STOP or CONT, to the server and all that it has started.
signal_database() {
  local server
  server=$(head -n 1 "$database/data/postmaster.pid") || return 0
  # shellcheck disable=SC2046  # numbers
  kill "-$1" "$server" $(pgrep -P "$server") || true
}
# The network, the database, and what the hosts' settings say of it.
make_database() {
  lab net up
  chown postgres "$database"
  setpriv --reuid postgres --regid postgres --clear-groups "$postgres/initdb" -D "$database/data" -A trust > /dev/null
  echo "host all dmagents 10.77.0.0/24 scram-sha-256" >> "$database/data/pg_hba.conf"
  start_database
  lab net exec -- env "PGHOST=$database" PGUSER=postgres "$root/deploy/fleet/database.sh" \
    --address 10.77.0.254 --password-file "$work/database.pass" 2> /dev/null \
    | sed "s|$work|/etc/dmagents|" > "$work/database.conf"
}
# A host with three disks, and its agent with a pool: "start_host NAME [OPTION...]", in the addresses' order.
start_host() {
  local host=$1
  shift
  lab start "$host" --memory 1200M --disk 1G --disk 64M --disk 512M --net --share "$work" --env "BIN=$BIN" \
    --env "IMAGE=$IMAGE" --env "NAME=$host" "$@"
  quietly_on "$host" bash "$work/host.sh" begin
}
# After a stop or a cut.
start_again() {
  lab start "$1"
  quietly_on "$1" bash "$work/host.sh" begin-again
}
clear_away() {
  signal_database CONT > /dev/null 2>&1
  stop_database > /dev/null 2>&1 || true
  for host in "${hosts[@]}"; do lab rm "$host" > /dev/null 2>&1 || true; done
  lab net down > /dev/null 2>&1 || true
  rm -rf "$DMAGENTS_LAB_DIR" "$database"
}
trap clear_away EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A command on a host. No limit on the whole: what gets on is not killed.
quietly_on() {
  local host=$1
  shift
  lab exec "$host" --timeout 0 --silence 300 -- "$@"
}
expect() {
  local what=$1
  shift
  "$@" || die "not so: $what"
  note "ok: $what"
}
# Asks again and again, as long as the host lives; for patience seconds at most, if that is set.
await() {
  local what=$1 host=$2 begun=$SECONDS
  shift 2
  until "$@"; do
    [ -z "${patience:-}" ] || ((SECONDS - begun < patience)) || die "not so within $patience s: $what"
    lab exec "$host" --timeout 60 -- true || die "not so: $what; $host has ended"
    sleep 1
  done
  note "ok: $what [${SECONDS}s]"
}
asked() { quietly_on "$1" "$BIN/dmagent" fleet status --json; }
has_state() { [ "$(asked "$1" | jq -r --arg host "$2" '.hosts[] | select(.host == $host) | .state')" = "$3" ]; }
stands() { [ "$(asked "$1" | jq -r .standing)" = "$2" ]; }
is_unreached() {
  asked "$1" | jq -e --arg host "$2" '.hosts[] | select(.host == $host) | .unreachable_since' > /dev/null
}
is_reached() { ! is_unreached "$@"; }
database_is() { [ "$(asked "$1" | jq -r .database.state)" = "$2" ]; }
# How many hosts have all of the image and are there.
has_copies() {
  [ "$(quietly_on "$1" "$BIN/dmagent" image explain debian:demo --json 2> /dev/null \
    | jq '[.hosts[] | select(.holding == "whole")] | length')" = "$2" ]
}
keeps_copies() { quietly_on "$1" "$BIN/dmagent" image copies debian:demo "$2" > /dev/null 2>&1; }
# "has_image HOST IMAGE": on that very host; "image show" answers for the whole fleet.
has_image() { quietly_on "$1" "$BIN/dmagent" image list --quiet 2> /dev/null | grep -x -- "$2" > /dev/null; }
