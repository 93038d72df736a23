# shellcheck shell=bash disable=SC2034,SC2154  # shares its variables with host
# The hosts' network: a namespace of this lab's own with a bridge, and a tap for each host. Sourced by host.

# Named by the state directory, so that two labs on one machine do not meet.
name_namespace() { namespace=dmalab-$(printf '%s' "$lab_state" | sha256sum | cut -c1-8); }
bridge_address=10.77.0.254

in_net() { ip -n "$namespace" "$@"; }

net_up() {
  exec {net_lock}>"$lab_state/net.lock"
  flock "$net_lock"
  if ! ip netns list | grep -qw "$namespace"; then
    ip netns add "$namespace" || fail "no network namespace; that needs root"
  fi
  if ! in_net link show br0 >/dev/null 2>&1; then
    in_net link set lo up
    in_net link add br0 type bridge
    in_net addr add "$bridge_address/24" dev br0
    in_net link set br0 up
  fi
  exec {net_lock}>&-
}

# Gives the host in directory $1 its number, the same for as long as it exists, and its tap. Sets tap, mac, address.
net_attach() {
  local index taken
  exec {net_lock}>"$lab_state/net.lock"
  flock "$net_lock"
  if [[ ! -s $1/index ]]; then
    taken=" $({ cat "$lab_state"/hosts/*/index 2>/dev/null || true; } | tr '\n' ' ')"
    for ((index = 1; index < 250; index++)); do [[ $taken == *" $index "* ]] || break; done
    printf '%s\n' "$index" >"$1/index"
  fi
  index=$(<"$1/index")
  tap=tap$index address=10.77.0.$index
  # Of its own and lasting: with a random one the others would not find the host again after a power cut.
  mac=$(printf '02:4d:41:00:00:%02x' "$index")
  if ! in_net link show "$tap" >/dev/null 2>&1; then
    in_net tuntap add "$tap" mode tap
    in_net link set "$tap" master br0
  fi
  in_net link set "$tap" up
  exec {net_lock}>&-
}

net_detach() {
  if [[ -s $1/index ]] && ip netns list | grep -qw "$namespace"; then
    in_net link del "tap$(<"$1/index")" 2>/dev/null || true
  fi
}

net_down() {
  local host
  ip netns list | grep -qw "$namespace" || return 0
  for host in "$lab_state"/hosts/*/; do
    if [[ -s ${host}index ]] && is_up "${host%/}"; then
      fail "host $(basename "$host") is on the network and runs; stop it first"
    fi
  done
  ip netns del "$namespace"
}

net_command() {
  local what=${1:-}
  shift || true
  case $what in
    up) net_up ;;
    down) net_down ;;
    exec)
      [[ ${1:-} == -- ]] && (($# > 1)) || fail "usage: tests/lab/host net exec -- COMMAND..."
      shift
      net_up
      exec ip netns exec "$namespace" "$@"
      ;;
    isolate | heal)
      take_name "${1:-}"
      [[ -s $directory/index ]] || fail "host $name is not on the network"
      # Off the bridge, and not down: the guest's driver gives its device up when a write to a tap that is down fails.
      if [[ $what == heal ]]; then
        in_net link set "tap$(<"$directory/index")" master br0
      else
        in_net link set "tap$(<"$directory/index")" nomaster
      fi
      ;;
    *) fail "usage: tests/lab/host net up|down|exec|isolate|heal" ;;
  esac
}
