#!/bin/bash
# Shows a fleet of four hosts, each with a kernel, disks and an address of its own: it is made and joined by tokens, an
# image that one host has is copied to two others at once, block by block, containerd on the fourth pulls it and takes
# its layers from the others, a host is cut off and keeps serving its containers, a host loses its power in the midst
# of a copy and comes back, the fleet's database goes away and comes back, the copy of a lost host is restored
# elsewhere, and one leaves. Content digests are equal everywhere. Ends with "demo: ok". Takes about six minutes once
# agent and image are built.
#
#   deploy/fleet/demo.sh
#
# The hosts are kernels of the lab (tests/lab) on a network namespace of their own; nothing of this machine is changed.
# Needs root, Debian 12 or later and the .NET SDK 10; installs what else it lacks by apt.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
[ $# = 0 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2; }
if [ "$(id -u)" != 0 ]; then
  echo "demo: networks and pools are made by root; next: sudo $0" >&2
  exit 1
fi
tests/lab/install.sh
deploy/build.sh
. tests/lab/fleet.sh
deploy/image/build.sh "$work/image" >&2
cp deploy/fleet/host.sh "$work/"
acts=0

act() {
  acts=$((acts + 1))
  printf '\n\033[1m%d. %s\033[0m  [%ss]\n   %s\n' $acts "$1" $SECONDS "$2"
}
note() { printf '   %s\n' "$*"; }
die() {
  printf '\ndemo: failed: %s\n' "$*" >&2
  for host in "${hosts[@]}"; do
    printf '\n== %s\n' "$host" >&2
    lab exec "$host" --timeout 60 -- tail -n 15 /run/dmagentd.log >&2 2>&1 || true
  done
  exit 1
}

# "on HOST COMMAND...": what is shown is typed on that host.
on() {
  local host=$1
  shift
  printf '\n   %s$ dmagent %s\n' "$host" "$*"
  quietly_on "$host" "$BIN/dmagent" "$@" | sed 's/^/   /' || die "dmagent $* ended with an error on $host"
}

# Debian's registry, on the hosts' network, too.
registry=10.77.0.254:5000 registry_process=''
start_registry() {
  mkdir -p "$DMAGENTS_LAB_DIR/registry"
  cat > "$DMAGENTS_LAB_DIR/registry.yml" << END
version: 0.1
storage: { filesystem: { rootdirectory: $DMAGENTS_LAB_DIR/registry } }
http: { addr: "$registry" }
END
  "$root/tests/lab/host" net exec -- docker-registry serve "$DMAGENTS_LAB_DIR/registry.yml" \
    > "$work/registry.log" 2>&1 &
  registry_process=$!
  until lab net exec -- bash -c "true > /dev/tcp/${registry/:/\/}" 2> /dev/null; do
    kill -0 $registry_process || die "the registry has ended: $(tail -n 3 "$work/registry.log")"
    sleep 0.5
  done
}
stop_registry() {
  [ -n "$registry_process" ] || return 0
  kill "$registry_process" 2> /dev/null || true
  wait "$registry_process" 2> /dev/null || true
  registry_process=''
}
# What a host asked the registry for, as METHOD PATH STATUS.
asked_registry() {
  sed -n "s|^$1 .*\"\([A-Z]* /v2/debian/[^ ]*\) HTTP[^\"]*\" \([0-9]*\) .*|\1 \2|p" "$work/registry.log"
}
trap 'stop_registry; clear_away' EXIT
# Or it has ended.
has_received() { grep -q "receiving: [1-9]" "$work/dov.log" || ! kill -0 "$other" 2> /dev/null; }

act "Four hosts and a database" "Each host has a kernel, three disks and an address. One daemon per host; no fleet yet."
make_database
note "$(cat "$work/database.conf")"
number=0
for host in "${hosts[@]}"; do
  number=$((number + 1))
  start_host "$host" --cgroups
  note "$host is 10.77.0.$number, with a pool of its own"
done
expect "no host listens to the network" quietly_on ada sh -c '! ss -Hltn | grep -v 127.0.0.1'

act "A fleet" "The first host makes it, and with it the authority. A token lets one host in, once."
on ada fleet init demo --address 10.77.0.1:9471
on ada fleet token
token=$(quietly_on ada "$BIN/dmagent" fleet token --quiet)
expect "a token with one changed letter is refused" \
  sh -c "! DMAGENTS_LAB_DIR=$DMAGENTS_LAB_DIR tests/lab/host exec bea -- $BIN/dmagent fleet join 10.77.0.1:9471 \
    --token ${token%?}$([ "${token: -1}" = 0 ] && echo 1 || echo 0) > /dev/null 2>&1"
number=1
for host in "${hosts[@]:1}"; do
  number=$((number + 1))
  token=$(quietly_on ada "$BIN/dmagent" fleet token --quiet)
  on "$host" fleet join 10.77.0.1:9471 --token "$token" --address "10.77.0.$number:9471"
done
on ada fleet status

act "An image travels" "ada imports it. bea and cem bring it from ada at once: blocks over TLS, verified, no registry."
on ada image import "$IMAGE"
bytes=$(quietly_on ada cat /sys/class/net/vec0/statistics/tx_bytes)
on ada image copy debian:demo --to bea cem
bytes=$(($(quietly_on ada cat /sys/class/net/vec0/statistics/tx_bytes) - bytes))
note "ada has sent $((bytes >> 20)) MiB to the two together"
for host in ada bea cem; do
  quietly_on "$host" "$BIN/dmagent" container create web --image debian:demo --mount > /dev/null
  quietly_on "$host" bash "$work/host.sh" tree > "$work/$host.tree"
done
expect "a container's tree is the same on ada, bea and cem, with owners, times, links and attributes" \
  sh -c "cmp $work/ada.tree $work/bea.tree && cmp $work/ada.tree $work/cem.tree"

act "A pull by containerd" "dov's containerd pulls the image as for Kubernetes; the layers are blocks of the others."
start_registry
lab net exec -- skopeo copy --quiet --dest-tls-verify=false "oci:$IMAGE" "docker://$registry/debian:demo"
note "Debian's docker-registry at $registry has the image, too"
quietly_on dov bash "$work/host.sh" containerd "$registry"
quietly_on dov bash "$work/host.sh" pull "$registry/debian:demo" | sed 's/^/   /' || die "dov's containerd did not pull"
note "what dov asked the registry for:"
asked_registry 10.77.0.4 | tee "$work/asked" | sed 's/^/     /'
manifest=$IMAGE/blobs/sha256/$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' "$IMAGE/index.json")
expect "dov has fetched manifest and config" grep -q "GET .*$(jq -r .config.digest "$manifest") 200" "$work/asked"
jq -r '.layers[].digest' "$manifest" > "$work/layers"
expect "and no layer" sh -c "! grep -F -f $work/layers $work/asked"
quietly_on dov bash "$work/host.sh" run "$registry/debian:demo" | sed 's/^/   /' || die "no container runs on dov"
for host in ada dov; do quietly_on "$host" bash "$work/host.sh" digests > "$work/$host.digests"; done
expect "the layers that it stands on have the content digests of ada's" \
  sh -c "[ -s $work/ada.digests ] && cmp $work/ada.digests $work/dov.digests"
quietly_on dov bash "$work/host.sh" forget "$registry/debian:demo"
expect "journal, pool and live devices agree on dov" quietly_on dov "$BIN/dmagent" pool check main --quiet
stop_registry

act "A host is cut off" "cem loses its network. It keeps serving its own containers, and comes back by itself."
lab net isolate cem
await "cem says that it is cut off" cem stands cem cut_off
on cem fleet status
quietly_on cem bash "$work/host.sh" write web
expect "its containers are written to and made" quietly_on cem "$BIN/dmagent" container create while-cut-off \
  --image debian:demo --mount --quiet
await "ada sees it" ada is_unreached ada cem
lab net heal cem
await "cem is back in the fleet" cem stands cem member
await "ada reaches it" ada has_state ada cem up

act "Power fails in the midst of a copy" "dov takes the image, too, and loses its power. After the start it has all of it, or nothing."
quietly_on dov "$BIN/dmagent" image copy debian:demo --from bea > "$work/dov.log" 2>&1 &
other=$!
await "dov has received a part" dov has_received
lab cut dov
wait $other 2> /dev/null || true
start_again dov
await "dov is back in the fleet" dov stands dov member
on dov image copy debian:demo --from bea
quietly_on dov "$BIN/dmagent" container create web --image debian:demo --mount > /dev/null
quietly_on dov bash "$work/host.sh" tree > "$work/dov.tree"
expect "the tree is the same there" cmp "$work/ada.tree" "$work/dov.tree"
for host in "${hosts[@]}"; do
  expect "journal, pool and live devices agree on $host" quietly_on "$host" "$BIN/dmagent" pool check main --quiet
done

act "The database goes away" "Containers and copies by hand go on. What needs the fleet is refused at once, and works when it is back."
await "ada has the fleet's database" ada database_is ada ready
await "the fleet knows of four copies" ada has_copies ada 4
stop_database
await "ada says that it is away" ada database_is ada away
expect "a number of copies is refused meanwhile" sh -c "! DMAGENTS_LAB_DIR=$DMAGENTS_LAB_DIR tests/lab/host exec ada -- \
  $BIN/dmagent image copies debian:demo 3"
expect "containers are written to" quietly_on ada bash "$work/host.sh" write web
start_database
await "the fleet keeps three copies" ada keeps_copies ada 3
await "cem has the database again, too" cem database_is cem ready
on cem host list
on cem layer where debian:demo

act "A host is lost" "bea loses its power for good. The fleet makes its copy anew, on dov, which has none."
on dov container remove web --force
on dov image remove debian:demo
await "the fleet knows that dov has none" ada has_copies ada 3
lab cut bea
await "dov has it, by itself" dov has_image dov debian:demo
on ada image explain debian:demo
quietly_on dov "$BIN/dmagent" container create web --image debian:demo --mount > /dev/null
quietly_on dov bash "$work/host.sh" tree > "$work/dov.tree"
expect "the tree is the same there" cmp "$work/ada.tree" "$work/dov.tree"
start_again bea
await "bea is back, and counted once" bea has_copies bea 4
for host in "${hosts[@]}"; do
  expect "journal, pool and live devices agree on $host" quietly_on "$host" "$BIN/dmagent" pool check main --quiet
done

act "One leaves, one is revoked" "What leaves has its certificate revoked. What is revoked is not talked to."
on bea fleet leave
on ada fleet revoke dov
await "dov knows that it was revoked" dov stands dov revoked
on ada fleet status
for host in bea dov; do
  expect "containers of $host go on" quietly_on "$host" bash "$work/host.sh" write web
done
echo
echo "demo: ok"
