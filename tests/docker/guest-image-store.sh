#!/bin/bash
# What image-store.sh does in a guest of the lab. Given by it: BIN_AGENT and BIN_CLI (where dmagentd and dmagent are),
# LAB_DISKS (data and metadata of a thin pool, the agent's state, the files of containerd and Docker).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
read -r data metadata state files <<< "$LAB_DISKS"
root=$(cd "$here/../.." && pwd)
. "$here/checks.sh"
. "$here/image-store-host.sh"

program='rm /second; echo written > /written; n=0
while true; do n=$((n + 1)); echo $n >> /numbers; sleep 0.3; done'
is_output() { equal "$("${@:2}" 2> /dev/null)" "$1"; }
run() { docker run --rm --net none "$@"; }
# The file as the container's processes see it, through the kernel and none of the daemons.
numbers_of() { tail -n 1 "/proc/$1/root/numbers"; }
more_than() { [ "$(numbers_of "$1")" -gt "$2" ]; }
goes_on() { await 60 more_than "$web" "$(numbers_of "$web")"; }
pid_of() { docker inspect --format '{{.State.Pid}}' "$1"; }
start_web() {
  docker start web && web=$(pid_of web) && await 60 test -s "/proc/$web/root/numbers"
}
snapshots() { ctr --namespace moby snapshots --snapshotter dmagents list | tail -n +2 | sort; }
state_of() { snapshots | awk '{print $1}' | sha256sum; }
# In the background, until it is cut off by what follows. Its own end may be a failure or not.
meanwhile() { "$@" > /tmp/meanwhile.log 2>&1 & MEANWHILE=$!; sleep 1.5; }
is_over() { wait $MEANWHILE; true; }

step_images() {
  check "Docker's images are in the agent's pool" equal \
    "$(docker info --format '{{.Driver}} {{index (index .DriverStatus 0) 1}}')" "dmagents io.containerd.snapshotter.v1"
  # The base stays from the first snapshot on.
  check "an image is loaded" docker load -q -i /tmp/app.tar
  check "it is removed" docker rmi app:1
  await 60 is_empty
  empty=$(used)
  check "nothing of it is left" await_left
  check "it is loaded again" docker load -q -i /tmp/app.tar
  check "a container runs" is_output two run app:1 cat /second
}

step_running() {
  check "a container goes on running" docker run --detach --net none --name web app:1 sh -c "$program"
  web=$(pid_of web)
  check "it writes" await 60 test -s "/proc/$web/root/numbers"
  check "diff shows what it changed" is_output "A /numbers A /written D /second" \
    bash -c 'docker diff web | sort | paste -sd " "'
  check "ps -s shows its size" grep -E '^web [1-9][0-9.]*[kM]B \(virtual' <(docker ps -s --format '{{.Names}} {{.Size}}')
  local before
  before=$(state_of)
  # containerd's differ mounts a device that is mounted for writing a second time, read-only: the kernel refuses that.
  check "its commit is refused by containerd's differ" fails_with "device or resource busy" docker commit web app:2
  check "nothing of that is left" is_output "$before" state_of
  check "stopped, it is committed" bash -c 'docker stop -t 1 web && docker commit web app:2'
  check "and goes on" start_web
  check "the image has what it wrote" is_output written run app:2 cat /written
  check "and lacks what it removed" fails run app:2 ls /second
}

step_builds() {
  check "the classic builder builds" env DOCKER_BUILDKIT=0 docker build --network none -t built:1 /tmp/context
  check "with the content that the file says" is_output "built copied" run built:1 sh -c 'echo $(cat /built /copied)'
  check "BuildKit builds" docker build --network none -t built:2 /tmp/context
  check "with the same content" is_output "built copied" run built:2 sh -c 'echo $(cat /built /copied)'
  check "system df counts images, containers and the cache" is_output "Images 4 Containers 1 Build" bash -c \
    'docker system df --format "{{.Type}} {{.TotalCount}}" | grep -v Volumes | sed "s/Build.*/Build/" | paste -sd " "'
}

step_kills() {
  check "the agent is killed" kill_agent
  check "a container does not notice" goes_on
  check "a new one is refused" fails run app:1 true
  start_agent
  check "with the agent back one starts" await 120 is_output two run app:1 cat /second

  check "containerd is killed" kill_containerd
  check "a container does not notice" goes_on
  start_containerd
  check "with containerd back one starts" await 120 is_output two run app:1 cat /second
  check "diff still works" bash -c 'docker diff web | grep -qx "A /written"'

  meanwhile docker load -q -i /tmp/large.tar
  check "the agent is killed while an image is loaded" kill_agent
  is_over
  start_agent
  check "the image is loaded by the next try" await 120 docker load -q -i /tmp/large.tar
  check "it is whole" is_output "$(sha256sum < /tmp/large/large)" run large:1 sh -c 'sha256sum < /large'

  meanwhile docker build --no-cache --network none -t cut:1 /tmp/context
  check "the agent is killed during a build" kill_agent
  is_over
  start_agent
  check "the next try builds" await 120 docker build --no-cache --network none -t cut:1 /tmp/context

  meanwhile docker build --no-cache --network none -t cut:2 /tmp/context
  check "Docker is killed during a build" kill_docker
  is_over
  start_docker
  check "the next try builds" docker build --no-cache --network none -t cut:2 /tmp/context
  check "what was built is right" is_output "built copied" run cut:2 sh -c 'echo $(cat /built /copied)'
  check "the container starts again" start_web
  check "with all that it wrote" grep -qx 1 "/proc/$web/root/numbers"
}

step_stops() {
  check "Docker stops in order" stop_docker
  check "the agent stops in order" stop_agent
  start_agent
  start_docker
  check "the container starts again" start_web
  check "with all that it wrote" grep -qx 1 "/proc/$web/root/numbers"
  check "a container that runs is not removed" fails_with "is running" docker rm web
  check "nor an image that it uses" fails_with "is using its" docker rmi app:1
}

# The README's lines for Docker, typed one after the other. The lab has no systemd, no network and no Docker Hub.
step_readme() {
  local line
  docker tag app:1 debian:12
  docker rm -f web > /tmp/check.log
  systemctl() { equal "$*" "restart docker" && stop_docker && add_lab_settings && start_docker; }
  cd "$root" || give_up "no checkout"
  while read -r line; do
    [[ $line != "docker build"* ]] || cd /tmp/context || give_up "no context"
    line=${line//docker run/docker run --network none}
    check "README: $line" eval "${line//docker build/docker build --network none}"
  done < <(sed -n '/^\*\*With Docker/,$p' "$root/README.md" | sed '1,/^```$/d; /^```$/,$d; s/  *#.*//')
  unset -f systemctl
  check "README: Docker's driver is what it says" is_output dmagents docker info --format '{{.Driver}}'
  check "README: the image was built" is_output copied run web:2 cat /copied
  check "README: what was exported is there" is_output two run web:files /bin/cat /second
  line=$(sed -n 's/^\(docker save .*\)  *#.*/\1/p' "$root/README.md")
  check "README: $line" eval "$line"
  check "README: the agent has Docker's image" bash -c "'$BIN_CLI/dmagent' image list --quiet | grep '^debian:12$'"
  dmagent image remove debian:12 > /tmp/check.log
  docker rmi -f web:1 web:2 web:files > /tmp/check.log
}

step_removal() {
  check "by force the container goes" docker rm -f web
  check "images go by their names" docker rmi debian:12 app:2 built:1 built:2
  check "prune takes the rest" docker system prune --all --force
  check "Docker has no image" equal "$(docker images -aq | wc -l)" 0
  check "nothing of all that is left" await_left
  check "containerd holds no lease" equal "$(ctr --namespace moby leases list | wc -l)" 1
}

prepare
for step in images running builds kills stops readme removal; do
  "step_$step"
done
check "Docker stops in order" stop_docker
check "the agent stops in order" stop_agent
finish
