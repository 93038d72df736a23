#!/bin/bash
# What a host of a fleet in the lab does by itself: for the demonstration, and for drills. Called in each host with BIN
# (where dmagentd and dmagent are), NAME (the host's) and LAB_DISKS (three disks that may be overwritten) set.
#
#   host.sh begin | begin-again | write CONTAINER | tree | has-received
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
  # A part of the image's data is in the pool.
  has-received)
    [ "$(dmsetup status dmagents-main-pool | awk '{split($6, n, "/"); print n[1]}')" -gt 300 ]
    ;;
esac
