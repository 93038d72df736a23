# shellcheck shell=bash disable=SC2154  # shares its variables with install.sh and qemu.sh
# Brings the kernel of run --qemu: Debian's cloud kernel 6.12, or where there is none the release's own, unpacked and
# not installed: this machine goes on booting what it boots. Sourced by install.sh.

# The newest kernel's own package, behind the one that only names it. Nothing where apt knows no such name.
kernel_package() {
  apt-cache depends "$1" 2>/dev/null | awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }'
}

# Prints the ELF image that is packed into the file $1: QEMU starts that at once, and unpacking it inside would take
# the emulated processor seconds. Where it lies is told by the setup header (Documentation/arch/x86/boot.rst):
# setup_sects at 0x1f1, payload_offset and payload_length at 0x248. The last four bytes are its length unpacked.
extract_kernel() {
  local sectors offset length
  sectors=$(od -An -tu1 -j $((0x1f1)) -N1 "$1")
  read -r offset length < <(od -An -tu4 -j $((0x248)) -N8 "$1")
  dd if="$1" of="$work/payload" bs=1M iflag=skip_bytes,count_bytes status=none \
    skip=$(((sectors + 1) * 512 + offset)) count=$((length - 4))
  case $(od -An -tx4 -N4 "$work/payload") in
    *fd2fb528) zstd -qdc "$work/payload" ;;
    *587a37fd) xz -dc --single-stream "$work/payload" ;;
    *) say "the kernel in $1 is packed in a way that is not known here"; return 1 ;;
  esac
}

unpack_kernel() {
  local package release work
  [[ ! -e $lab_kernel/vmlinux ]] || return 0
  if ((EUID != 0)); then
    say "only root can unpack the kernel into $lab_kernel"
    return 1
  fi
  [[ -n $(kernel_package linux-image-6.12-cloud-amd64) ]] || "${apt[@]}" update >"$log" 2>&1 || true
  for package in linux-image-6.12-cloud-amd64 linux-image-cloud-amd64; do
    package=$(kernel_package "$package")
    [[ -z $package ]] || break
  done
  if [[ -z $package ]]; then
    say "apt has neither linux-image-6.12-cloud-amd64 nor linux-image-cloud-amd64; is main in its sources?"
    return 1
  fi
  say "unpacking $package into $lab_kernel"
  mkdir -p "${lab_kernel%/*}"
  # Beside its place, and renamed at the end: an install that was interrupted leaves nothing that looks like a kernel.
  work=$(mktemp -d "$lab_kernel.XXXXXX")
  chmod 755 "$work"
  # shellcheck disable=SC2064  # the names as they are here
  trap "rm -rf '$work' '$log'" EXIT
  # As root, apt warns that its own user cannot read the place; it is right to go on.
  (cd "$work" && "${apt[@]}" download "$package" >"$log" 2>&1) || {
    say "$package could not be downloaded: $(grep -m1 '^E:' "$log" || tail -n1 "$log")"
    return 1
  }
  dpkg-deb -x "$work"/*.deb "$work/tree"
  mkdir "$work/lib"
  # Until Debian 12 in /lib, later in /usr/lib.
  mv "$work"/tree/{usr/,}lib/modules "$work/lib/" 2>/dev/null || [[ -d $work/lib/modules ]]
  release=$(ls "$work/lib/modules")
  extract_kernel "$work/tree/boot/vmlinuz-$release" >"$work/vmlinux"
  # The guest's PID 1 loads them as they are.
  find "$work/lib/modules" -name '*.ko.xz' -exec xz -d {} +
  depmod -b "$work" "$release"
  rm -rf "$work"/*.deb "$work/tree" "$work/payload"
  rm -rf "$lab_kernel"
  mv "$work" "$lab_kernel"
}
