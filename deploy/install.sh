#!/bin/bash
# Installs dmagentd and dmagent on this host: builds them, copies them to /usr/lib/dmagents, links them into /usr/bin,
# makes the group dmagents, and installs the systemd unit. Safe to run again; the configuration is never overwritten.
#
#   sudo deploy/install.sh            then: systemctl enable --now dmagentd
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
if [ "$(id -u)" != 0 ]; then
  echo "install: this writes to /usr; next: sudo $0" >&2
  exit 1
fi
"$root/deploy/build.sh"
getent group dmagents > /dev/null || groupadd --system dmagents
install -d /usr/lib/dmagents /etc/dmagents /usr/share/doc/dmagents
# Each file anew, not over the present one: an agent that runs goes on with the files that it has open.
cp -r --remove-destination "$root/artifacts/bin/." /usr/lib/dmagents/
ln -sf /usr/lib/dmagents/dmagentd /usr/lib/dmagents/dmagent /usr/bin/
# systemd starts it without this shell's DOTNET_ROOT and PATH.
if ! env -i /usr/bin/dmagentd --help > /dev/null; then
  echo "install: dmagentd does not start without this shell's environment; next: write the folder of .NET, where dotnet" \
    "is, into /etc/dotnet/install_location" >&2
  exit 1
fi
[ -e /etc/dmagents/dmagents.conf ] || install -m 0644 "$root/config/dmagents.conf" /etc/dmagents/dmagents.conf
install -m 0644 "$root/README.md" "$root/deploy/ALERTS.md" /usr/share/doc/dmagents/
if [ -d /etc/bash_completion.d ]; then
  /usr/bin/dmagent completion bash > /etc/bash_completion.d/dmagent
fi
if [ -d /run/systemd/system ]; then
  install -m 0644 "$root/deploy/systemd/dmagentd.service" /etc/systemd/system/
  systemctl daemon-reload
  echo "install: done; next: systemctl enable --now dmagentd"
else
  echo "install: done; this host has no systemd: start dmagentd yourself"
fi
