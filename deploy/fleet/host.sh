#!/bin/bash
# What a host of a fleet in the lab does by itself: for the demonstration, and for drills. Called in each host with BIN
# (where dmagentd and dmagent are), NAME (the host's) and LAB_DISKS (three disks that may be overwritten) set.
#
#   host.sh begin | begin-again | write CONTAINER | tree | digests | has-received
#   host.sh containerd REGISTRY | pull IMAGE | run IMAGE | forget IMAGE
set -euo pipefail
read -r data metadata state <<< "$LAB_DISKS"
mnt=/var/lib/dmagents/pools/main/mnt

start_agent() {
  mkdir -p /var/lib/dmagents /etc/dmagents
  mountpoint -q /var/lib/dmagents || mount "$state" /var/lib/dmagents
  hostname "$NAME"
  # A host of the lab stands still for seconds while the machine is busy: such a moment is no failure.
  install -m 0600 "$(dirname "$0")/database.pass" /etc/dmagents/
  { sed 's/^/dmagents./' "$(dirname "$0")/database.conf"; cat << 'END'; } > /etc/dmagents/dmagents.conf
dmagents {
  fleet {
    acceptable-pause = 10s
    stable-after = 20s
    removal-margin = 5s
    restore-after = 20s
    containerd { answer-within = 60s, stalled-after = 3m }
  }
}
END
  # Settings of a drill: for all hosts, and for this one.
  cat "$(dirname "$0")/more.conf" "$(dirname "$0")/more-$NAME.conf" >> /etc/dmagents/dmagents.conf 2> /dev/null || true
  "$BIN/dmagentd" > /run/dmagentd.log 2>&1 &
  until grep -q "serves /run" /run/dmagentd.log; do
    kill -0 $! || { cat /run/dmagentd.log >&2; exit 1; }
    sleep 0.2
  done
}

# containerd with the agent as its snapshotter, as `dmagent containerd config` says.
start_containerd() {
  local registry=$1
  mkdir -p /etc/containerd/conf.d "/etc/containerd/certs.d/$registry"
  "$BIN/dmagent" containerd config > /etc/containerd/conf.d/dmagents.toml
  echo "[host.\"http://$registry\"]" > "/etc/containerd/certs.d/$registry/hosts.toml"
  {
    cat << 'END'
version = 2
imports = ["/etc/containerd/conf.d/*.toml"]
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
END
    sed -n '/^# Kubernetes/,$s/^#   //p' /etc/containerd/conf.d/dmagents.toml
  } > /etc/containerd/config.toml
  containerd > /run/containerd.log 2>&1 &
  until ctr version > /dev/null 2>&1; do
    kill -0 $! || { cat /run/containerd.log >&2; exit 1; }
    sleep 0.5
  done
}

# A call of containerd's image service for Kubernetes, in place of the kubelet's. The message is an image's name, inside
# an image, inside a request, each with a tag and its length. As long as something comes, it prints how much of the
# pool is used.
call_cri() {
  local method=$1 image=$2 length=${#2} lengths calling used last=''
  lengths=$(printf '\\x%02x\\n\\x%02x\\n\\x%02x' $((length + 4)) $((length + 2)) "$length")
  printf "\\0\\0\\0\\0$lengths%s" "$image" > /run/request
  curl --silent --show-error --http2-prior-knowledge --unix-socket /run/containerd/containerd.sock \
    --header 'content-type: application/grpc' --header 'te: trailers' --data-binary @/run/request \
    --dump-header /run/answer --output /dev/null "http://localhost/runtime.v1.ImageService/$method" &
  calling=$!
  while kill -0 $calling 2> /dev/null; do
    used=$(used_blocks)
    [ "$used" = "$last" ] || echo "$NAME has $((used >> 4)) MiB of its pool in use"
    last=$used
    sleep 1
  done
  wait $calling
  if ! grep -qi '^grpc-status: 0' /run/answer; then
    grep -i '^grpc' /run/answer >&2 || true
    tail -n 5 /run/containerd.log >&2
    exit 1
  fi
}
used_blocks() { dmsetup status dmagents-main-pool | awk '{split($6, n, "/"); print n[1]}'; }
ctr() { command ctr --namespace k8s.io "$@"; }

case $1 in
  begin)
    mkfs.ext4 -q -F "$state"
    start_agent
    "$BIN/dmagent" pool create main --data "$data" --metadata "$metadata" > /dev/null
    ;;
  begin-again) start_agent ;;
  write)
    date > "$mnt/$2/written"
    sync "$mnt/$2/written"
    ;;
  tree)
    tar --sort=name --numeric-owner --xattrs --xattrs-include='*' -cf - -C "$mnt/web" . 2> /dev/null | b2sum
    ;;
  digests) "$BIN/dmagent" layer list --json | jq -r '.. | .content_digest? // empty' | sort ;;
  # A part of the image's data is in the pool.
  has-received)
    [ "$(dmsetup status dmagents-main-pool | awk '{split($6, n, "/"); print n[1]}')" -gt 300 ]
    ;;
  containerd) start_containerd "$2" ;;
  pull) call_cri PullImage "$2" ;;
  # Starts a container of it, which says what it is.
  run)
    ctr run --detach --null-io --snapshotter dmagents "$2" pod sleep infinity
    ctr tasks exec --exec-id question pod sh -c \
      'echo "inside: Debian $(cat /etc/debian_version)"; grep " / " /proc/mounts'
    ;;
  # The container ends, the image goes, containerd collects what no one needs, and stops.
  forget)
    ctr tasks rm --force pod > /dev/null 2>&1
    ctr containers rm pod
    call_cri RemoveImage "$2" > /dev/null
    ctr leases create --id collect > /dev/null
    ctr leases rm --sync collect > /dev/null
    until [ "$("$BIN/dmagent" layer list --quiet | wc -l)" = 0 ]; do sleep 0.5; done
    kill "$(pidof containerd)"
    ;;
esac
