# Two releases' thin-provisioning-tools, pinned, in the current directory. Sourced. Needs apt and the network; changes
# nothing of the machine.
# shellcheck shell=bash

# get SUITE PACKAGE=VERSION...: unpacks them below ./SUITE
get() {
  local suite=$1 apt
  shift
  mkdir -p "$suite/state/lists/partial" "$suite/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main" \
    >"$suite/sources.list"
  apt=(apt-get -q -o "Dir::State=$PWD/$suite/state" -o Dir::State::status=/dev/null -o "Dir::Cache=$PWD/$suite/cache"
    -o "Dir::Etc::sourcelist=$PWD/$suite/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root)
  (cd "$suite" && "${apt[@]}" update >log 2>&1 && "${apt[@]}" download "$@" >>log 2>&1) || { tail "$suite/log"; exit 2; }
  for deb in "$suite"/*.deb; do dpkg -x "$deb" "$suite/root"; done
}

get_both() {
  get bookworm thin-provisioning-tools=0.9.0-2 libc6 libgcc-s1 libstdc++6 libexpat1 libaio1
  get trixie thin-provisioning-tools=1.1.0-4+b1 libc6 libgcc-s1 libudev1 libcap2
}

# tool SUITE NAME ARGUMENT...
tool() {
  local root=$PWD/$1/root
  "$(ls "$root"/lib64/ld-linux-x86-64.so.2 "$root"/usr/lib64/ld-linux-x86-64.so.2 2>/dev/null | head -n 1)" \
    --library-path "$root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu" "$root/usr/sbin/pdata_tools" "${@:2}"
}
