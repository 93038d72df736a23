# shellcheck shell=bash disable=SC2034,SC2054,SC2154  # shares its variables with lib.sh, boot.sh, run and host
# The hypervisor, as the rest of the lab sees it: User Mode Linux, a kernel as an ordinary process. Sourced by lib.sh.

module_root=/usr/lib/uml/modules

hypervisor_is_there() { [[ -x /usr/bin/linux.uml ]]; }

# How the guest calls its disk number $1, counted from 0.
disk_name() { printf '/dev/ubd%s' "${letters:$1:1}"; }

add_network() { kernel_arguments+=("vec0:transport=tap,ifname=$tap,mac=$mac,depth=128,gro=1"); }

# A process in the guest is one of this machine, and nearly each of its pages a mapping: beyond this machine's limit the
# guest's kernel kills it. The limit stays raised; without the right to do so the guest has what there is.
allow_mappings() {
  local limit=/proc/sys/vm/max_map_count
  if [[ -w $limit && $(<"$limit") -lt 1048576 ]]; then echo 1048576 2>/dev/null >"$limit" || true; fi
}

# Sets command to what runs the guest of directory $1, with the line to its PID 1 as file descriptor 3.
set_command() {
  local directory=$1 index=0 file arguments=() room
  allow_mappings
  for file in "${disk_files[@]}"; do
    arguments+=("ubd$index=$file")
    index=$((index + 1))
  done
  # Read-only, so that several guests may have the same.
  [[ -z $userland ]] || arguments+=("ubd${index}r=$userland_image")
  # The guest's memory is a file in /dev/shm, unless that is too small: then it lies with the rest of the state.
  room=$(df --output=avail -B1M /dev/shm 2>/dev/null | tail -n1)
  local unset=(-u TMP -u TEMP -u TMPDIR)
  ((${room:-0} >= $(numfmt --from=iec --to-unit=1M "$memory"))) || unset=(-u TMP -u TEMP "TMPDIR=$directory")
  command=(env "${unset[@]}" /usr/bin/linux.uml "mem=$memory" root=/dev/root rootfstype=hostfs rootflags=/ ro
    "init=$lab_init" "${arguments[@]}" con=null con0=null,fd:1 ssl=null ssl0=fd:3 quiet "uml_dir=$directory/" umid=uml
    "lab_config=$directory/config" "${kernel_arguments[@]}")
}
