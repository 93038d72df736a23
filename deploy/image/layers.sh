# shellcheck shell=bash disable=SC2034
# What is in the layers of the demonstration image; sourced by build.sh. Between them they hold everything that a
# layer can hold and that is easily lost: whiteouts, opaque directories, changed types, hard links, devices, set-id
# bits, capabilities, other extended attributes, holes, long names, odd owners and times.

layer_packages='python3-minimal less iputils-ping nano ca-certificates'

# Layer 1. Fetches the packages of layer 2, too: apt's lists are there only during the bootstrap.
debian_minimal() {
  local work=$1 root=$2 codename=$3
  mkdir "$work/debs"
  # shellcheck disable=SC2016
  mmdebstrap --mode=root --variant=minbase --quiet --aptopt="$work/aptopt" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb' \
    --customize-hook='APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq --yes --no-install-recommends --download-only \
      install '"$layer_packages"'' \
    --customize-hook='cp "$1"/var/cache/apt/archives/*.deb '"'$work/debs/'" \
    "$codename" "$root" - <"$work/sources" >"$work/mmdebstrap.log" 2>&1 ||
    { tail -n 20 "$work/mmdebstrap.log" >&2; return 1; }
  # Of the machine that builds, nothing may stay behind in the image.
  rm -f "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root/etc/resolv.conf"
  printf 'deb http://deb.debian.org/debian %s main\n' "$codename" >"$root/etc/apt/sources.list"
  printf 'debian\n' >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
}

# Layer 2.
add_packages() {
  local work=$1 root=$2
  mkdir "$root/debs"
  cp "$work"/debs/*.deb "$root/debs/"
  # From files, so without a network; apt and not dpkg, because it knows the order.
  chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -c 'apt-get -q --yes install /debs/*.deb' \
    >"$work/apt.log" 2>&1 || { tail -n 20 "$work/apt.log" >&2; return 1; }
  rm -rf "$root/debs" "$root"/var/log/{apt,dpkg.log,alternatives.log} "$root"/var/cache/apt/*.bin
}

# Layer 3: what umoci finds changed, so removals become whiteouts.
configure() {
  local root=$1 demo=$1/srv/demo long
  printf 'Welcome to the demonstration image.\n' >"$root/etc/motd"
  rm -rf "$root/usr/share/nano" "$root/usr/share/common-licenses/Artistic" "$root/etc/issue.net"
  ln -sfn /usr/bin/python3 "$root/usr/bin/pager"

  mkdir -p "$demo"/{setuid,links,devices,times,owners}
  printf 'shared by two names\n' >"$demo/links/one"
  ln "$demo/links/one" "$demo/links/two"
  ln -s ../links/one "$demo/links/relative"
  ln -s /srv/demo/links/absent "$demo/links/dangling"
  cp "$root/bin/true" "$demo/setuid/user"
  cp "$root/bin/true" "$demo/setuid/group"
  chown 0:42 "$demo/setuid/group"
  chmod 4755 "$demo/setuid/user"
  chmod 2755 "$demo/setuid/group"
  chmod 1777 "$demo/setuid"
  mknod -m 666 "$demo/devices/null" c 1 3
  mknod -m 660 "$demo/devices/disk" b 7 0
  mkfifo -m 600 "$demo/devices/fifo"
  cp "$root/bin/true" "$demo/capable"
  setcap cap_net_bind_service=ep "$demo/capable"
  setfattr -n user.note -v 'kept' "$demo/links/one"

  # 64 MiB of hole between two blocks of data.
  printf 'start' >"$demo/sparse"
  truncate -s 64M "$demo/sparse"
  printf 'end' >>"$demo/sparse"

  # 120 characters are more than a ustar name field holds, 300 more than name and prefix together.
  long=$(printf 'n%.0s' {1..120})
  mkdir -p "$demo/$long/$long"
  printf 'deep\n' >"$demo/$long/$long/$long"
  printf 'umlauts and a blank\n' >"$demo/Käse und Brot"
  : >"$demo/empty"
  chown 70000:70001 "$demo/owners"
  chmod 0700 "$demo/owners"
  touch -d '1999-12-31 23:59:59.123456789 UTC' "$demo/times"
}

# Layer 4: a tree that is packed as it is. An opaque directory hides all that the layers below have in it; umoci never
# writes one by itself, other builders do. A file stands where a directory was, and a directory where a file was.
opaque_layer() {
  local tree=$1
  mkdir -p "$tree"/{etc/apt/apt.conf.d,srv/demo/empty,srv/demo/links,usr/share}
  : >"$tree/etc/apt/apt.conf.d/.wh..wh..opq"
  printf 'APT::Install-Recommends "false";\n' >"$tree/etc/apt/apt.conf.d/only"
  printf 'was a file\n' >"$tree/srv/demo/empty/inside"
  printf 'was a directory\n' >"$tree/usr/share/bug"
  # One name of two: the other, and the content, must stay.
  : >"$tree/srv/demo/links/.wh.two"
}
