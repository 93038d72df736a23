# shellcheck shell=bash disable=SC2034,SC2154  # shares its variables with lib.sh, boot.sh, run and host
# Another release of Debian as the guest's root file system: one image per release, packed by mmdebstrap from this
# machine's own Debian mirror and kept in ${DMAGENTS_CACHE:-$HOME/.cache/dmagents}. Sourced by lib.sh.

# An image and not a directory: hostfs is slow at walking trees, and dpkg's owners and devices stay what they are.
userland_packages=(containerd runc docker.io docker-cli docker-buildx thin-provisioning-tools dmsetup lvm2 e2fsprogs
  xfsprogs kmod iproute2 procps jq sqlite3 busybox-static ca-certificates)

# The mirror that this machine's apt has for Debian itself, not for its security updates.
debian_mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(SITE) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
    awk '$2 == "Debian" && $3 == "Debian" && !found { print $1; found = 1 }'
}

# Prints the name of release $1's image. The unstable release moves: its image is made anew every week.
userland_name() {
  local moves='' key
  [[ $1 != sid ]] || moves=$(date -u +%G-%V)
  key=$(cat "$lab_here/userland.sh" <(dpkg --print-architecture; printf '%s\n' "$moves") | sha256sum)
  printf 'userland-%s-%s.img\n' "$1" "${key:0:16}"
}

# Packs release $1 into the file $2, with directory $3 for what is in between.
build_userland() {
  local release=$1 image=$2 work=$3 mirror size
  mirror=$(debian_mirror)
  if [[ -z $mirror ]]; then
    say "reading this machine's apt sources"
    apt-get -q update >"$work/log" 2>&1 || true
    mirror=$(debian_mirror)
  fi
  [[ -n $mirror ]] || fail "this machine's apt knows no Debian mirror; see apt-get indextargets"
  # What this machine's apt needs to reach the mirror: proxies, certificates.
  apt-config dump | grep -E '^Acquire::(http|https)::.*"[^"]+";$' >"$work/aptopt" || true
  # The unstable release's lists expire within days: a mirror that is behind is good enough. Signatures are checked.
  printf 'Acquire::Check-Valid-Until "false";\nAPT::Install-Recommends "false";\n' >>"$work/aptopt"
  say "packing the userland of Debian $release; once, in one to three minutes"
  mmdebstrap --mode=root --variant=minbase --quiet --aptopt="$work/aptopt" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --include="$(IFS=,; printf '%s' "${userland_packages[*]}")" \
    "$release" "$work/root" "deb $mirror $release main" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" >&2; fail "the userland of Debian $release cannot be packed"; }
  # Nothing of the machine that packed it stays.
  rm -f "$work/root"/etc/{resolv.conf,hostname,apt/sources.list,apt/apt.conf.d/99mmdebstrap}
  size=$(($(du -sk "$work/root" | cut -f1) * 5 / 4 + 65536))
  # Never written to: no journal, no reserve.
  truncate -s "${size}K" "$image"
  mkfs.ext4 -q -m 0 -O ^has_journal -d "$work/root" "$image" >&2
}

# Sets userland_image to the image of the release in $userland, and packs it if this machine has none.
prepare_userland() {
  local cache=${DMAGENTS_CACHE:-$HOME/.cache/dmagents} name work fd old
  userland_image=''
  [[ -n $userland ]] || return 0
  [[ $hypervisor == uml ]] || fail "--userland goes with User Mode Linux only"
  ((${#disks[@]} < 8)) || fail "with --userland a guest has at most 7 other disks"
  name=$(userland_name "$userland")
  userland_image=$cache/$name
  if [[ ! -e $userland_image ]]; then
    ((EUID == 0)) || fail "packing a userland needs root (device nodes, owners, chroot)"
    command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing; run $lab_here/install.sh as root"
    mkdir -p "$cache"
    exec {fd}>"$cache/userland.lock"
    flock "$fd"
    # Another run may have packed it while this one waited.
    if [[ ! -e $userland_image ]]; then
      work=$(mktemp -d "$cache/userland.XXXXXX")
      # In a shell of its own: fail and signals end that, and what was half done goes with it.
      (
        trap 'rm -rf --one-file-system "$work"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        build_userland "$userland" "$work/image" "$work"
        mv "$work/image" "$userland_image"
      ) || exit
      # Another checkout may use another one; a guest that runs on it keeps it open.
      find "$cache" -maxdepth 1 -name "userland-$userland-*.img" -mtime +7 -delete
    fi
    exec {fd}>&-
  fi
  # When it was last used.
  touch "$userland_image" 2>/dev/null || true
}

# What the guest sees of this machine at the same paths although its root is another: where the .NET runtime is, and the
# kernel's modules.
userland_shares() {
  printf '%s\n' "$module_root"
  ! command -v dotnet >/dev/null || dirname "$(realpath "$(command -v dotnet)")"
}
