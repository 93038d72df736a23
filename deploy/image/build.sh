#!/usr/bin/env bash
# Builds a real Debian image of four layers as an OCI layout in OUTDIR, tagged debian:demo, from this machine's own
# apt sources. What was built once is taken from ${DMAGENTS_CACHE:-$HOME/.cache/dmagents}.
#
#   deploy/image/build.sh OUTDIR
set -euo pipefail
shopt -s inherit_errexit
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/layers.sh"

say() { printf 'image: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

(($# == 1)) && [[ $1 != -* ]] || { sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
out=$1
cache=${DMAGENTS_CACHE:-$HOME/.cache/dmagents}
key=$(cat "$here/build.sh" "$here/layers.sh" <(dpkg --print-architecture) | sha256sum)
built=$cache/image-${key:0:16}

# Leaves alone what is not an image: a mistyped OUTDIR must not delete a directory.
if [[ -e $out && ! -f $out/oci-layout ]] && { [[ ! -d $out ]] || [[ -n $(ls -A "$out") ]]; }; then
  fail "$out exists and is not an OCI layout; name another directory"
fi

# Debian's sources among those of the machine's apt, in the form of sources.list.
machine_sources() {
  # shellcheck disable=SC2016
  apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)|$(ORIGIN)' 'Created-By: Packages' |
    sed -n 's/|Debian$//p' | sort -u
}

build() {
  local work=$1 codename
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-bookworm}")
  machine_sources >"$work/sources"
  if [[ ! -s $work/sources ]]; then
    say "reading this machine's apt sources"
    apt-get -q update >"$work/apt.log" 2>&1 || tail -n 3 "$work/apt.log" >&2
    machine_sources >"$work/sources"
  fi
  [[ -s $work/sources ]] || fail "this machine's apt knows no Debian source; see apt-get indextargets"
  # Proxies and certificates of the machine's apt: needed to fetch, and taken out of the image again.
  apt-config dump | grep -E '^Acquire::(http|https)::.*"[^"]+";$' >"$work/aptopt" || true

  umoci init --layout "$work/layout"
  umoci new --image "$work/layout:demo"
  umoci unpack --image "$work/layout:demo" "$work/bundle"
  local root=$work/bundle/rootfs

  step 1 "Debian $codename, minimal" debian_minimal "$work" "$root" "$codename"
  pack "$work" "Debian $codename, minimal"
  step 2 "packages: $layer_packages" add_packages "$work" "$root"
  pack "$work" "packages"
  step 3 "configuration: replaces, removes, links, special files" configure "$root"
  pack "$work" "configuration"
  step 4 "an opaque directory, changed types" opaque_layer "$work/opaque"
  tar -C "$work/opaque" --numeric-owner --xattrs --sort=name -cf "$work/opaque.tar" .
  umoci raw add-layer --image "$work/layout:demo" --history.comment opaque "$work/opaque.tar"

  umoci config --image "$work/layout:demo" --config.cmd /bin/bash --config.env PATH=/usr/sbin:/usr/bin:/sbin:/bin
  umoci gc --layout "$work/layout"
  # umoci reads a colon as the end of the path; the name by which the image is meant to be known has one.
  jq '.manifests[].annotations["org.opencontainers.image.ref.name"] = "debian:demo"' \
    "$work/layout/index.json" >"$work/index.json"
  cat "$work/index.json" >"$work/layout/index.json"
}

step() {
  local number=$1 title=$2
  shift 2
  say "layer $number of 4: $title"
  "$@"
}

pack() {
  umoci repack --refresh-bundle --image "$1/layout:demo" --history.comment "$2" "$1/bundle" >/dev/null
}

if [[ ! -e $built/done ]]; then
  ((EUID == 0)) || fail "building the image needs root (device nodes, owners, chroot)"
  for tool in mmdebstrap umoci jq setcap setfattr; do
    command -v "$tool" >/dev/null || { "$here/../../tests/lab/install.sh"; break; }
  done
  mkdir -p "$cache"
  exec {lock}>"$cache/image.lock"
  flock "$lock"
fi
# Another build may have finished while this one waited for the lock.
if [[ ! -e $built/done ]]; then
  # Not done, and no other process holds the lock: what lies there was interrupted.
  rm -rf --one-file-system "$built"
  mkdir "$built"
  trap 'rm -rf --one-file-system "$built"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  SECONDS=0
  build "$built"
  rm -rf --one-file-system "${built:?}"/{bundle,opaque,opaque.tar,debs,sources,aptopt,apt.log,mmdebstrap.log,index.json}
  sync -f "$built"
  touch "$built/done"
  trap - EXIT
  say "built in $SECONDS s"
fi

mkdir -p "$(dirname "$out")"
rm -rf "$out.new" "$out"
cp -a --reflink=auto "$built/layout" "$out.new"
mv -T "$out.new" "$out"
say "debian:demo, $(du -sh --apparent-size "$out" | cut -f1) packed, in $out"
