# shellcheck shell=bash disable=SC2034,SC2154,SC2094  # shares its variables with lib.sh, run and host
# How a guest is configured and started; sourced by run and host, after lib.sh.

# The guest covers these with a tmpfs of its own; a checkout that lies there must be shown by name.
is_covered() { [[ $1/ == /tmp/* || $1/ == /run/* || $1/ == /dev/shm/* ]]; }

# Another userland lacks this machine's directory, unless every root has one of that name: that is then its own.
is_hidden() {
  [[ -n $userland && ! $1 =~ ^/(|boot|dev|etc|home|media|mnt|opt|proc|root|run|srv|sys|tmp|var|(usr/?)?|(usr/)?s?bin|(usr/)?lib[^/]*)$ ]]
}

write_config() {
  local file=$1 name=$2 address=$3 share directory
  {
    printf 'hypervisor\t%s\n' "$hypervisor"
    printf 'modules\t%s\n' "$module_root"
    printf 'name\t%s\n' "$name"
    [[ -z $address ]] || printf 'address\t%s\n' "$address"
    [[ $cgroups == no ]] || printf 'cgroups\n'
    [[ -z $userland ]] || printf 'userland\t%s\n' "$(disk_name "${#disks[@]}")"
    {
      for directory in "$lab_checkout" "$(pwd -P)"; do
        if is_covered "$directory" || is_hidden "$directory"; then printf '%s\n' "$directory"; fi
      done
      [[ -z $userland ]] || userland_shares
    } | sort -u | sed 's/.*/share-ro\t&\t&/'
    for share in "${shares[@]}"; do
      printf 'share\t%s\n' "$share"
    done
  } >"$file"
}

# What every command in a guest gets as its environment, before --env. The DOTNET ones make .NET bearable where mapping
# memory and handing off between threads are dear. Without AVX-512: User Mode Linux lets a signal handler change those
# registers of what it interrupts (findings/uml-avx512-signals.sh), and .NET stops threads by signals.
guest_environment() {
  local index names=()
  printf '%s\n' HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 TMPDIR=/tmp DM_DISABLE_UDEV=1 \
    DOTNET_EnableWriteXorExecute=0 DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0 DOTNET_TieredPGO=0 \
    DOTNET_EnableAVX512=0 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DMAGENTS_LAB=guest
  local dotnet=${DOTNET_ROOT:-}
  # There is no link to it in the directories of another userland.
  if [[ -n $userland ]] && command -v dotnet >/dev/null; then dotnet=$(dirname "$(realpath "$(command -v dotnet)")"); fi
  printf 'PATH=%s/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n' "${dotnet:+$dotnet:}"
  [[ -z $dotnet ]] || printf 'DOTNET_ROOT=%s\n' "$dotnet"
  for index in "${!disks[@]}"; do
    names+=("$(disk_name "$index")")
  done
  printf 'LAB_DISKS=%s\n' "${names[*]}"
}

# Starts the kernel of the host whose directory is $1, by way of "${prefix[@]}", with the relay's options in $2...
# Sets relay_pid. The caller holds the lock in the directory; relay and kernel inherit it, so that it tells who lives.
boot() {
  local directory=$1 command=()
  shift
  rm -f "$directory/group" "$directory/socket"
  set_command "$directory"
  "${prefix[@]}" "$lab_relay" "$directory/socket" "$directory/group" "$directory/console.log" "$@" -- "${command[@]}" \
    </dev/null >>"$directory/console.log" 2>&1 &
  relay_pid=$!
}

show_console() {
  [[ -s $1/console.log ]] || return 0
  say "the last of the guest's console ($1/console.log):"
  { grep -v '\] ? ' "$1/console.log" || true; } | tail -n 20 | sed 's/^/  | /' >&2
}
