# shellcheck shell=bash disable=SC2034,SC2054,SC2154  # shares its variables with lib.sh, boot.sh, run and host
# The hypervisor, as the rest of the lab sees it: QEMU by software emulation, with Debian's cloud kernel and two CPUs.
# Sourced by lib.sh. The functions are those of uml.sh.

# Put there by install.sh --qemu.
lab_kernel=/usr/local/lib/dmagents-lab/linux
module_root=$lab_kernel/lib/modules
network=()

hypervisor_is_there() {
  ((EUID == 0)) || fail "--qemu needs root: a file server may not confine itself without"
  [[ -e $lab_kernel/vmlinux ]] && command -v qemu-system-x86_64 >/dev/null && find_virtiofsd
}

# Part of qemu's own packages until Debian 12, a package of its own since.
find_virtiofsd() {
  for virtiofsd in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd; do
    [[ ! -x $virtiofsd ]] || return 0
  done
  return 1
}

disk_name() { printf '/dev/vd%s' "${letters:$1:1}"; }

add_network() {
  network=(-netdev "tap,id=net,ifname=$tap,script=no,downscript=no"
    -device "virtio-net-pci,netdev=net,mac=$mac,romfile=")
}

set_command() {
  local directory=$1 index=0 file megabytes number devices=()
  for file in "${disk_files[@]}"; do
    devices+=(-drive "id=disk$index,if=none,file=$file,format=raw,cache=writeback,aio=threads,discard=unmap"
      -device "virtio-blk-pci,drive=disk$index")
    index=$((index + 1))
  done
  if [[ -n $zoned ]]; then
    truncate -s "$zoned" "$directory/zoned.img"
    devices+=(-drive "id=zoned,if=none,file=$directory/zoned.img,format=raw,aio=threads"
      -device nvme,id=nvme,serial=zoned -device nvme-ns,drive=zoned,bus=nvme,zoned=true,zoned.zone_size=16M)
  fi
  # One file server for the root and one for each share, in the order of the configuration: root, share0, share1, ...
  for ((number = -1; number < $(grep -c ^share "$directory/config" || true); number++)); do
    local tag=share$number
    ((number >= 0)) || tag=root
    devices+=(-chardev "socket,id=$tag,path=$directory/virtiofs/$tag"
      -device "vhost-user-fs-pci,chardev=$tag,tag=$tag,queue-size=1024")
  done
  megabytes=$(numfmt --from=iec --to-unit=1M "$memory")
  # tsc=reliable: the processor's own clock, or reading the time means leaving the emulated processor.
  local arguments=(root=root rootfstype=virtiofs ro console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable
    "init=$lab_init" "lab_config=$directory/config" "${kernel_arguments[@]}")
  command=("$lab_here/qemu-start.sh" "$virtiofsd" "$directory" qemu-system-x86_64
    -nodefaults -no-user-config -no-reboot -display none -monitor none
    # The file servers write into the guest's memory: it has to be shared.
    -machine q35,memory-backend=memory -object "memory-backend-memfd,id=memory,size=${megabytes}M,share=on"
    -accel tcg,thread=multi,tb-size=1024 -cpu max,la57=off -smp 2 -m "${megabytes}M"
    -chardev stdio,id=console,signal=off -serial chardev:console
    -device virtio-serial-pci -chardev socket,id=line,fd=3 -device virtserialport,chardev=line,name=dmagents-lab
    "${devices[@]}" "${network[@]}"
    -kernel "$lab_kernel/vmlinux" -append "${arguments[*]}")
}
