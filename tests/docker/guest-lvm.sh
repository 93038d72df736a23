# Docker with a pool of LVM's (direct-lvm), and file systems of xfs. Sourced.
# shellcheck shell=bash

root=/var/lib/docker/third
pool=vgd-thinpool
mkdir -p $root

make_group() {
  pvcreate -q "$volumes" && vgcreate -q vgd "$volumes" &&
    lvcreate -q --type thin-pool -L 1G --poolmetadatasize 16M --zero n -n thinpool vgd && dmsetup table $pool
}
check "LVM makes a thin pool" make_group
lvm=(--storage-opt dm.thinpooldev=/dev/mapper/$pool --storage-opt dm.fs=xfs --storage-opt dm.basesize=512M)
start_docker $root "${lvm[@]}"
check "Docker makes an image and containers in it" fill_docker
web=$(docker_tree web) image=$(tree_of /tmp/expected)
check "Docker stops" stop_docker
before=$(files_of $root) transaction=$(transaction_of $pool)

adopt() { dmagent pool adopt-docker $root --name "$1" --thin-pool $pool "${@:2}"; }

check "the store is adopted" adopt lvm
check "its image and containers are there" equal "$(list_images lvm) $(list_containers lvm)" "app:1 idle web"
check "LVM's transaction id is left alone" equal "$(transaction_of $pool)" "$transaction"
check "a container has the content that Docker showed" mounted_is lvm web "$web"
check "a new container of the image has the image's content" new_container_is lvm fresh "$image"
again_after_a_kill() {
  kill -9 $AGENT
  wait $AGENT
  start_agent
  equal "$(list_containers lvm)" "fresh idle web" && dmagent pool check lvm && mounted_is lvm web "$web"
}
check "a killed agent comes back with all of it" again_after_a_kill
somebody_works_in_it() {
  dmsetup message $pool 0 'create_thin 3999' && dmagent container unmount fresh --pool lvm &&
    fails_with "thin id 3999" dmagent pool adopt-docker --undo lvm
}
check "what somebody else makes in it is not deleted by an undo" somebody_works_in_it
# The intent stays, and is gone on with by timer.
is_undone() { dmsetup message $pool 0 'delete 3999' && await 30 fails dmagent pool show lvm; }
check "without that it is undone" is_undone
check "the transaction id is what it was" equal "$(transaction_of $pool)" "$transaction"
check "Docker's files are what they were" equal "$(files_of $root)" "$before"
start_docker $root "${lvm[@]}"
check "Docker has its containers again" equal "$(docker ps -a --format '{{.Names}}' | sort | paste -sd ' ')" "idle web"
check "with their content" equal "$(docker_tree web)" "$web"
check "and stops" stop_docker
check "the store is adopted again" adopt lvm
check "and confirmed" dmagent pool adopt-docker --confirm lvm
check "a container is removed" dmagent container remove idle --pool lvm
check "pool, journal and live devices agree" await 20 dmagent pool check lvm
