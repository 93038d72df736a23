# Docker with loop files, which is what most have. Sourced.
# shellcheck shell=bash

root=/var/lib/docker
loop=(--storage-opt dm.loopdatasize=1G --storage-opt dm.loopmetadatasize=32M)

start_docker $root "${loop[@]}"
check "Docker makes an image and containers" fill_docker
web=$(docker_tree web) idle=$(docker_tree idle) image=$(tree_of /tmp/expected)
check "a Docker that runs is refused" fails_with dockerd dmagent pool adopt-docker $root --name old
check "Docker stops" stop_docker
before=$(files_of $root)

adopt() { dmagent pool adopt-docker $root --name "$1" "${@:2}"; }
has_no_pool() { dmagent pool list && [ -z "$(dmagent pool list --quiet)" ]; }
changed_nothing() {
  local hash
  hash=$(sha256sum $root/devicemapper/devicemapper/metadata)
  adopt old --dry-run --json > /tmp/dry.json && jq . /tmp/dry.json &&
    equal "$hash" "$(sha256sum $root/devicemapper/devicemapper/metadata)" && equal "$before" "$(files_of $root)" &&
    [ -z "$(dmagent pool list --quiet)" ] && [ -z "$(losetup -a)" ]
}

check "a dry run changes nothing, of the pool's metadata neither" changed_nothing
check "it finds nothing amiss" jq -e '.findings == [] and .thin_devices == .adopted_devices' /tmp/dry.json
check "it names what would be adopted" jq -e '.images == ["app:1"] and .containers == ["idle", "web"]' /tmp/dry.json
check "the store is adopted" adopt old
check "its image is there" equal "$(list_images old)" app:1
check "its containers are there" equal "$(list_containers old)" "idle web"
check "pool, journal and live devices agree" dmagent pool check old
check "a container has the content that Docker showed" mounted_is old web "$web"
check "so has the other" mounted_is old idle "$idle"
check "a new container of the image has the image's content" new_container_is old fresh "$image"
check "a container of Docker's is not mounted writable" refused read-only dmagent container mount web
check "a container of Docker's is not removed" refused "until the adoption is confirmed" dmagent container remove web
check "an image of Docker's is not removed" refused "until the adoption is confirmed" dmagent image remove app:1
check "the pool is not removed" refused "until the adoption is confirmed" dmagent pool remove old --force
check "it is adopted once only" refused "exists" adopt old
check "Docker does not start beside the agent" fails docker_daemon $root "${loop[@]}"
check "and says why" grep -q "is not a thin pool" /tmp/dockerd.log

again_after_a_kill() {
  kill -9 $AGENT
  wait $AGENT
  start_agent
  equal "$(list_containers old)" "fresh idle web" && dmagent pool check old && mounted_is old web "$web"
}
check "a killed agent comes back with all of it" again_after_a_kill

check "an undo is refused while somebody works in the pool" bash -c "
  cd \$('$BIN_CLI/dmagent' container mount fresh --quiet --pool old) && ! '$BIN_CLI/dmagent' pool adopt-docker --undo old"
check "then it is undone" dmagent pool adopt-docker --undo old
check "no pool is left" has_no_pool
check "no mapped device, and no loop device" bash -c '[ -z "$(dmsetup ls | grep -v "No devices")" ] && [ -z "$(losetup -a)" ]'
check "Docker's files are what they were" equal "$(files_of $root)" "$before"

start_docker $root "${loop[@]}"
check "Docker has its image again" equal "$(docker images --format '{{.Repository}}:{{.Tag}}')" app:1
check "and its containers" equal "$(docker ps -a --format '{{.Names}}' | sort | paste -sd ' ')" "idle web"
check "with their content" equal "$(docker_tree web)" "$web"
check "and makes more" docker create --name web1 app:1

# The README's lines for those who come from Docker, typed one after the other. The lab has no systemd.
systemctl() { equal "$*" "disable --now docker.socket docker" && stop_docker; }
mapfile -t lines < <(sed -n '/^\*\*Stranded on Docker/,$p' "$here/../../README.md" |
  sed '1,/^```$/d; /^```$/,$d; s/  *#.*//')
for line in "${lines[@]}"; do
  # The line before it has given the pool back.
  [[ $line != *--confirm* ]] || check "the store is adopted again" adopt old
  check "README: $line" eval "$line"
done
unset -f systemctl
check "it has what Docker made since" equal "$(list_containers old)" "idle web web1"
check "from then on it is not undone" refused confirmed dmagent pool adopt-docker --undo old
write_into_web() {
  local directory
  directory=$(dmagent container mount web --quiet) && head -c 8M /dev/urandom > "$directory/more" && sync -f "$directory" &&
    dmagent container unmount web
}
check "a container is written into" write_into_web
gives_back() {
  local before
  before=$(used_of old)
  dmagent container remove web && await 30 bash -c "(($before - \$('$BIN_CLI/dmagent' pool show old --json | jq .data.used_bytes) > 8000000))"
}
check "its removal gives the blocks back" gives_back
all_goes() {
  dmagent container remove idle && dmagent container remove web1 && dmagent image remove app:1 &&
    await 30 bash -c "[ \"\$('$BIN_CLI/dmagent' layer list --quiet)\" = '' ]" && dmagent pool check old
}
check "images go when nothing needs them" all_goes
check "the pool is removed, and Docker's files of it" bash -c "
  '$BIN_CLI/dmagent' pool remove old && ! ls $root/devicemapper/devicemapper/data && [ -z \"\$(losetup -a)\" ]"
