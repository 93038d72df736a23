#!/usr/bin/env bash
# Installs the Debian packages that the lab, the tests and the demonstration need, and only those that are lacking.
# With --qemu also what `run --qemu` needs: QEMU, and Debian's cloud kernel, which is unpacked and not installed.
# With --rivals also the systems that the agent is compared with, and whose stores it takes over.
# Quiet when nothing is missing. Exit status 1 when something could not be installed.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

# package  a file that it brings   what for
# The file is what is checked: a machine may have the tool from elsewhere, and dpkg would not know.
required='
user-mode-linux         /usr/bin/linux.uml                  the kernel with device-mapper
gcc                     /usr/bin/gcc                        compiles the guest init
libc6-dev               /usr/include/stdio.h                compiles the guest init
util-linux              /usr/sbin/losetup                   losetup, flock, setsid, fstrim
e2fsprogs               /usr/sbin/mkfs.ext4                 ext4
xfsprogs                /usr/sbin/mkfs.xfs                  xfs
dmsetup                 /usr/sbin/dmsetup                   a second opinion on what the agent does
thin-provisioning-tools /usr/sbin/thin_check                checks of pool metadata
lvm2                    /usr/sbin/lvcreate                  volume groups
kmod                    /usr/sbin/modprobe                  loads modules in the guest
iproute2                /usr/sbin/ip                        networks of several hosts
iputils-ping            /usr/bin/ping                       networks of several hosts
libcap2-bin             /usr/sbin/setcap                    file capabilities in the test image
attr                    /usr/bin/setfattr                   extended attributes in the test image
libarchive-tools        /usr/bin/bsdtar                     a second packer of archives for the tests
acl                     /usr/bin/setfacl                    ACLs in archives of the tests
mmdebstrap              /usr/bin/mmdebstrap                 the test image
umoci                   /usr/bin/umoci                      packs the test image
skopeo                  /usr/bin/skopeo                     images from and to registries
podman                  /usr/bin/podman                     reads images that the agent exports
docker-registry         /usr/bin/docker-registry            a registry for the tests
jq                      /usr/bin/jq                         reads JSON
xz-utils                /usr/bin/xz                         reads archives by xz
bzip2                   /usr/bin/bzip2                      reads archives by bzip2
curl                    /usr/bin/curl                       calls containerd as Kubernetes does
sqlite3                 /usr/bin/sqlite3                    reads the journal
postgresql              /usr/bin/pg_ctlcluster              the database of a fleet
procps                  /usr/bin/ps                         processes
systemd                 /usr/lib/systemd/systemd            runs the agent as a unit, in the guest
containerd              /usr/bin/containerd                 a client of the agent (docker packages bring it, too)
runc                    /usr/bin/runc                       runs the containers of containerd
golang-go               /usr/bin/go                         compiles the snapshotter test suite of containerd
golang-github-containerd-containerd-dev /usr/share/gocode/src/github.com/containerd/containerd/snapshots/proxy/proxy.go the suite itself
'

for_qemu='
qemu-system-x86         /usr/bin/qemu-system-x86_64         the hypervisor of run --qemu
zstd                    /usr/bin/zstd                       unpacks the kernel
'
# Until Debian 12 a part of qemu-system-common, which QEMU brings.
for_qemu_later='
virtiofsd               /usr/libexec/virtiofsd              shows the guest the directories of this machine
'

for_rivals='
docker.io               /usr/sbin/dockerd                   Docker 20.10, which has the devicemapper driver still
strace                  /usr/bin/strace                     counts the processes that a daemon forks
'

say() { printf 'install: %s\n' "$*" >&2; }

log=$(mktemp "${TMPDIR:-/tmp}/dmagents-install.XXXXXX")
trap 'rm -f "$log"' EXIT
# Debian starts the daemons that it installs; containerd and Docker are to run in the lab only, not on this machine. A policy
# that the machine has already is left as it is.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'rm -f "$log" "$policy"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\n# dmagents: no daemon starts while tests/lab/install.sh runs\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
# Another apt may be at work (unattended upgrades, a second run of this script): wait for it instead of failing.
apt=(apt-get -q -o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false)

# Installs what is missing of a table like those above. Status 1 when something could not be.
install_packages() {
  local package file reason missing=() reasons=() failed=()
  while read -r package file reason; do
    [[ -n $package ]] || continue
    # On a merged /usr both spellings of a path are the same file; on an old one /sbin and /bin still count.
    [[ -e $file || -e ${file#/usr} ]] && continue
    missing+=("$package")
    reasons+=("  $package: $reason")
  done <<<"$1"
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    say "these Debian packages are missing and only root can install them: ${missing[*]}"
    say "run: sudo apt-get install ${missing[*]}"
    return 1
  fi
  if ! command -v apt-get >/dev/null; then
    say "no apt-get here; install these by hand, then run this again:"
    printf '%s\n' "${reasons[@]}" >&2
    return 1
  fi

  say "installing ${missing[*]}"
  "${apt[@]}" update >"$log" 2>&1 ||
    say "apt-get update reported: $(grep -m1 -E '^(E|W|Err)' "$log" || tail -n1 "$log")"
  ! "${apt[@]}" install -y "${missing[@]}" >>"$log" 2>&1 || return 0
  # Together they fail when one of them does: try each, so that the message names the one to look after.
  for package in "${missing[@]}"; do
    "${apt[@]}" install -y "$package" >"$log" 2>&1 ||
      failed+=("$package: $(grep -m1 '^E:' "$log" || tail -n1 "$log")")
  done
  ((${#failed[@]})) || return 0
  say "could not be installed:"
  printf '  %s\n' "${failed[@]}" >&2
  return 1
}

case ${1:-} in
  '') install_packages "$required" ;;
  --qemu)
    install_packages "$required"
    install_packages "$for_qemu"
    . "$here/qemu.sh"
    . "$here/kernel.sh"
    find_virtiofsd || install_packages "$for_qemu_later"
    unpack_kernel
    ;;
  --rivals) install_packages "$required$for_rivals" ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
