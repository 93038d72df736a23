# Docker with a pool that somebody else assembles (dm.thinpooldev); it is killed, and its files are damaged. Sourced.
# shellcheck shell=bash

root=/var/lib/docker/second
pool=/dev/mapper/docker-thinpool
mkdir -p $root
dmsetup create docker-thinpool --table \
  "0 $(blockdev --getsz "$data") thin-pool $metadata $data 128 32768 1 skip_block_zeroing"

start_docker $root --storage-opt dm.thinpooldev=$pool
check "Docker makes an image and containers in a thin pool" fill_docker
web=$(docker_tree web) image=$(tree_of /tmp/expected)
docker_id() { basename "$(dirname "$(grep -l "\"Name\":\"/$1\"" $root/containers/*/config.v2.json)")"; }
# Nothing of it is taken down, and a device of it is live.
killed_at_work() {
  local device
  device=$(cat "$root/image/devicemapper/layerdb/mounts/$(docker_id idle)/mount-id")
  kill -9 "$DOCKER"
  await 30 gone "$DOCKER"
  prefix=$(printf 'docker-%d:%d-%d' $((0x$(stat -c %D $root/devicemapper) >> 8)) $((0x$(stat -c %D $root/devicemapper) & 255)) \
    "$(stat -c %i $root/devicemapper)")
  dmsetup create "$prefix-$device" --table "0 524288 thin $pool $(jq .device_id "$root/devicemapper/metadata/$device")"
}
check "Docker is killed, and a device of its is left" killed_at_work
before=$(files_of $root) transaction=$(transaction_of docker-thinpool)

adopt() { dmagent pool adopt-docker $root --name "$1" --thin-pool docker-thinpool "${@:2}"; }

check "without its name the pool is not found" fails_with --thin-pool dmagent pool adopt-docker $root --name old
holds() { exec 9< "/dev/mapper/$prefix-$device_held" && fails_with "in use" adopt old; local status=$?; exec 9<&-; return $status; }
device_held=$(dmsetup ls | sed -n "s/^$prefix-\([0-9a-f]*\).*/\1/p")
check "a device that somebody holds is not taken" holds
check "the store is adopted, and what Docker left live is taken down" adopt old
check "it is" fails dmsetup info "$prefix-$device_held"
check "its image is there" equal "$(list_images old)" app:1
check "a container has the content that Docker showed" mounted_is old web "$web"
check "a new container of the image has the image's content" new_container_is old fresh "$image"
check "it is undone" dmagent pool adopt-docker --undo old
check "the transaction id is what it was" equal "$(transaction_of docker-thinpool)" "$transaction"
check "Docker's files are what they were" equal "$(files_of $root)" "$before"
start_docker $root --storage-opt dm.thinpooldev=$pool
check "Docker has its containers again" equal "$(docker ps -a --format '{{.Names}}' | sort | paste -sd ' ')" "idle web"
check "with their content" equal "$(docker_tree web)" "$web"
check "and stops" stop_docker

# The base as a younger kernel made it: of a feature that the one that runs does not know.
feature() {
  dmsetup create docker-base --table "0 524288 thin $pool $(jq .device_id $root/devicemapper/metadata/base)" && "$@" &&
    dmsetup remove docker-base
}
give() {
  dd if=/dev/mapper/docker-base of=/tmp/superblock bs=4096 count=1 &&
    debugfs -w -R 'feature FEATURE_I30' /dev/mapper/docker-base
}
take() { dd if=/tmp/superblock of=/dev/mapper/docker-base bs=4096 count=1 conv=fsync; }
names() { adopt old --json "$@" | jq -e '[.findings[] | select(.why | contains("incompat_bit_30"))] | length == 1'; }
check "its base gets a feature that this kernel does not know" feature give
check "it is named before anything is taken over" names --dry-run
check "and when the store is adopted" names
check "and by the host's status" bash -c "'$BIN_CLI/dmagent' host status --json | grep -q incompat_bit_30"
check "what does not have the feature is mounted" mounted_is old web "$web"
check "it is undone again" dmagent pool adopt-docker --undo old
check "its base is what it was" feature take

# A record without a device, a device without a record, and a change that Docker was in the middle of.
damage() {
  local records=$root/devicemapper/metadata mounts=$root/image/devicemapper/layerdb/mounts idle web
  idle=$(docker_id idle) web=$(docker_id web)
  rm "$records/$(cat "$mounts/$idle/mount-id")"
  echo '{"device_id":4000,"size":268435456,"transaction_id":4,"initialized":false,"deleted":false}' \
    > "$records/$(printf '%064d' 4)"
  cat "$records/$(cat "$mounts/$web/init-id")" | jq -c --arg hash "$(cat "$mounts/$web/init-id")" \
    --argjson open $((transaction_now + 1)) '{open_transaction_id: $open, device_hash: $hash, device_id: .device_id}' \
    | tr -d '\n' > $records/transaction-metadata
}
transaction_now=$(transaction_of docker-thinpool)
damage
check "a damaged store is looked at" bash -c "'$BIN_CLI/dmagent' pool adopt-docker $root --name old --thin-pool docker-thinpool \
  --dry-run --json > /tmp/damaged.json"
found() { jq . /tmp/damaged.json; jq -e --arg what "$1" '[.findings[] | select(.what + " " + .why | contains($what))] | length > 0' /tmp/damaged.json; }
check "it tells a record without a device" found "the pool no such device"
check "and a device without a record" found "Docker no record of it"
check "and what that device was" found "Docker has no record of its device"
check "and the change that was interrupted" found "being made or deleted when Docker ended"
check "what is sound is adopted" adopt old
check "the sound container is there" equal "$(list_containers old)" web
check "with its content" mounted_is old web "$web"
check "what nobody claims is in quarantine" bash -c "
  [ \"\$('$BIN_CLI/dmagent' pool quarantine list --pool old --json | jq '.devices | length')\" = 2 ]"
check "it is confirmed" dmagent pool adopt-docker --confirm old
check "pool, journal and live devices agree" dmagent pool check old
