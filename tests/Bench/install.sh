#!/usr/bin/env bash
# Installs the Debian packages with the systems that the agent is compared with, and only those that are lacking.
set -euo pipefail
missing=()
while read -r package file; do
  [[ -z $package || -e $file ]] || missing+=("$package")
done <<'END'
docker.io   /usr/sbin/dockerd
containerd  /usr/bin/containerd
runc        /usr/sbin/runc
strace      /usr/bin/strace
END
((${#missing[@]})) || exit 0

if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
  echo "install: these Debian packages are missing: ${missing[*]}; next: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "install: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp "${TMPDIR:-/tmp}/dmagents-bench-install.XXXXXX")
trap 'rm -f "$log"' EXIT
apt=(apt-get -q -o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false)
"${apt[@]}" update >"$log" 2>&1 || true
"${apt[@]}" install -y "${missing[@]}" >>"$log" 2>&1 || { tail -n 5 "$log" >&2; exit 1; }
