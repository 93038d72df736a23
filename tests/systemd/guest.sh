#!/bin/bash
# In a guest of the lab, with three disks: starts systemd in namespaces of its own, and the checks beside it. Called by
# run.sh. Ends with one line: N passed, N failed, N skipped.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
read -r data metadata state <<< "$LAB_DISKS"

# The host as systemd finds it: the agent is installed, its unit is not started, and no unit of this machine is wanted.
make_host() {
  mkfs.ext4 -q "$state" && mkdir -p /var/lib/dmagents /etc/dmagents && mount "$state" /var/lib/dmagents
  rm -rf /etc/systemd/system/*.wants
  # Devices are made by the kernel in the lab.
  ln -sf /dev/null /etc/systemd/system/systemd-udevd.service
  printf '[Unit]\nDescription=The lab\nDefaultDependencies=no\n' > /etc/systemd/system/lab.target
  cp "$here/../../deploy/systemd/dmagentd.service" /etc/systemd/system/
  # systemd passes on nothing of what makes .NET faster here.
  mkdir /etc/systemd/system/dmagentd.service.d
  { echo '[Service]'; env | sed -n 's/^DOTNET_/Environment=&/p'; } > /etc/systemd/system/dmagentd.service.d/lab.conf
  cp "$here/../../config/dmagents.conf" /etc/dmagents/
  ln -s "$BIN/dmagentd" "$BIN/dmagent" /usr/bin/
  getent group dmagents > /dev/null || groupadd --system dmagents
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

make_host
unshare --fork --pid --mount --mount-proc env -i container=lab PATH="$PATH" /lib/systemd/systemd --system \
  --unit=lab.target --log-target=kmsg --show-status=no > /run/systemd.log 2>&1 &
for _ in $(seq 3000); do
  [ -S /run/systemd/private ] && break
  sleep 0.1
done
nsenter --target "$(pgrep -x systemd | head -n 1)" --mount --pid \
  env DATA="$data" METADATA="$metadata" bash "$here/unit.sh" && exit
status=$?
cat /run/systemd.log
exit $status
