#!/usr/bin/env bash
# The thin-provisioning-tools of Debian 13, a rewrite, and its mkfs, beside those of this machine.
#
#   tests/lab/trixie.sh unpack DIR            fetches them and the libraries that they load into DIR; quiet when they
#                                             are there. Needs apt and the network
#   tests/lab/trixie.sh with DIR COMMAND...   runs COMMAND; thin_check, thin_dump and the others, mkfs.ext4 and mkfs.xfs
#                                             are Debian 13's for it and all that it starts, and for nothing else. Needs
#                                             root
set -euo pipefail

packages=(thin-provisioning-tools libc6 libgcc-s1 libudev1 libcap2
  e2fsprogs libext2fs2t64 libss2 libcom-err2 libblkid1 libuuid1 xfsprogs libinih1 liburcu8t64)

# Fetches packages of Debian 13 by an apt configuration of its own, which leaves this machine's alone.
fetch() (
  local apt
  mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" \
    >"$1/sources.list"
  apt=(apt-get -q -o "Dir::State=$1/state" -o Dir::State::status=/dev/null -o "Dir::Cache=$1/cache"
    -o "Dir::Etc::sourcelist=$1/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root)
  cd "$1"
  "${apt[@]}" update >log 2>&1 && "${apt[@]}" download "${packages[@]}" >>log 2>&1 || { tail -n 3 log >&2; exit 1; }
)

unpack() {
  local into=$1 work deb
  [[ ! -e $into/mkfs.xfs ]] || return 0
  work=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  fetch "$work"
  mkdir -p "$into"
  for deb in "$work"/*.deb; do
    dpkg -x "$deb" "$into/root"
  done
  # Their libc is newer than this machine's, so that they are loaded by their own loader. What a program does depends on
  # the name by which it is called.
  local program
  for program in pdata_tools mke2fs mkfs.xfs; do
    cat >"$into/$program" <<END
#!/bin/sh
root='$(realpath "$into")/root'
exec "\$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "\$root/usr/lib/x86_64-linux-gnu" \\
  --argv0 "\${0##*/}" "\$root/usr/sbin/$program" "\$@"
END
    chmod 755 "$into/$program"
  done
}

with() {
  local tools
  tools=$(realpath "$1")
  shift
  # All thin_* of the package are names of one program, and so are mkfs.ext4 and mke2fs.
  # shellcheck disable=SC2016
  exec unshare --mount sh -ec '
    mount --bind "$1/pdata_tools" "$(realpath /usr/sbin/thin_check)"
    mount --bind "$1/mke2fs" "$(realpath /usr/sbin/mkfs.ext4)"
    mount --bind "$1/mkfs.xfs" "$(realpath /usr/sbin/mkfs.xfs)"
    shift
    exec "$@"' sh "$tools" "$@"
}

case ${1:-} in
  unpack) [[ $# -eq 2 ]] && unpack "$2" ;;
  with) [[ $# -ge 3 ]] && with "${@:2}" ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
