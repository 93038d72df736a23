# shellcheck shell=bash disable=SC2154,SC2317  # shares its variables with run
# Running on the machine's own kernel; sourced by run.

has_dm_thin() {
  ((EUID == 0)) && command -v dmsetup >/dev/null || return 1
  modprobe dm-thin-pool 2>/dev/null || true
  dmsetup targets 2>/dev/null | grep -q '^thin-pool '
}

# In a mount namespace of its own, so that what the command mounts ends with it. Never returns.
run_native() {
  local directory file loops=() share from to status=0
  directory=${keep:-$(mktemp -d "$lab_state/runs/XXXXXXXX")}
  mkdir -p "$directory"
  finish_native() {
    local loop
    for loop in "${loops[@]}"; do losetup -d "$loop" || say "$loop is still in use"; done
    [[ -n $keep ]] || rm -rf "$directory"
  }
  trap finish_native EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  make_disks "$directory"
  for file in "${disk_files[@]}"; do loops+=("$(losetup --find --show "$file")"); done

  local settings=() binds=''
  while read -r setting; do settings+=("$setting"); done < <(guest_environment)
  settings+=("LAB_DISKS=${loops[*]}" DMAGENTS_LAB=native "${environment[@]}")
  for share in "${shares[@]}"; do
    IFS=$'\t' read -r from to <<<"$share"
    [[ $from == "$to" ]] || binds+=$(printf 'mkdir -p %q && mount --bind %q %q || exit 125; ' "$to" "$from" "$to")
  done
  # udev runs here, and libdevmapper must wait for it: no DM_DISABLE_UDEV.
  env -i "${settings[@]}" DM_DISABLE_UDEV= timeout --kill-after=5 "$timeout" unshare --mount \
    bash -c "$binds"'cd "$1" || exit 125; shift; unset DM_DISABLE_UDEV; exec "$@"' native "$cwd" "$@" </dev/null &
  wait $! || status=$?
  exit "$status"
}
