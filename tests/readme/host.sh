# The host of guest.sh: its disks, and stand-ins for what a guest of the lab lacks. Sourced.
# shellcheck shell=bash

# The guest's disks under the names that the page has. The last one holds the agent's files.
name_disks() {
  local disk names=(sdb sdc sdd sde sdf state) index=0
  for disk in $LAB_DISKS; do
    ln -s "$disk" "/dev/${names[index]}"
    index=$((index + 1))
  done
  mkdir -p /var/lib/dmagents
  mkfs.ext4 -q /dev/state && mount /dev/state /var/lib/dmagents
}

# systemd starts the agent by its unit's own ExecStart.
make_stand_ins() {
  mkdir -p /tmp/bin /run/systemd/system /etc/systemd/system /etc/bash_completion.d
  printf '#!/bin/sh\nexec "$@"\n' > /tmp/bin/sudo
  printf '#!/bin/sh\n[ "$*" = "save debian:12" ] && exec cat /tmp/docker.tar\n' > /tmp/bin/docker
  cat > /tmp/bin/systemctl << 'END'
#!/bin/sh
echo "$*" >> /tmp/systemctl.log
case $* in
  daemon-reload) ;;
  "enable --now dmagentd" | "start dmagentd")
    $(sed -n 's/^ExecStart=//p' /etc/systemd/system/dmagentd.service) >> /tmp/dmagentd.log 2>&1 &
    echo $! > /tmp/dmagentd.pid ;;
  "stop dmagentd")
    kill "$(cat /tmp/dmagentd.pid)"
    while kill -0 "$(cat /tmp/dmagentd.pid)" 2> /dev/null; do sleep 0.1; done ;;
  "restart dmagentd") "$0" stop dmagentd && "$0" start dmagentd ;;
  *) echo "systemctl: the stand-in has no: $*" >&2; exit 1 ;;
esac
END
  chmod 755 /tmp/bin/*
  export PATH=/tmp/bin:$PATH
}

# Until the agent answers; no longer than it lives.
await_agent() {
  until dmagent host status > /tmp/status 2>&1; do
    kill -0 "$(cat /tmp/dmagentd.pid)" || give_up "the agent does not start: $(cat /tmp/status)"
    sleep 0.2
  done
}

# Overwrites the root of the tree of free data blocks, which the pool's superblock names in byte 80, below an agent and a
# pool that are down.
damage_metadata() {
  local start node device
  dmagent container unmount web1 > /dev/null
  systemctl stop dmagentd
  start=$(dmsetup table dmagents-fast-meta | cut -d ' ' -f 5)
  # The pool lies on others, and its devices on it.
  for device in $(dmsetup ls | awk '/^dmagents-fast-[0-9]/ { print $1 }') dmagents-fast-pool \
    $(dmsetup ls | awk '/^dmagents-fast-[a-z]/ && !/-pool/ { print $1 }'); do
    dmsetup remove "$device" || give_up "$device is in use"
  done
  node=$(od -An -t u8 -j $((start * 512 + 80)) -N 8 /dev/sdc)
  dd if=/dev/urandom of=/dev/sdc bs=4096 seek=$((start / 8 + node)) count=1 conv=fsync status=none
  systemctl start dmagentd
  await_agent
}

lose_journal() {
  systemctl stop dmagentd
  mv /var/lib/dmagents/journal /var/lib/dmagents/journal.lost
  systemctl start dmagentd
  await_agent
}
