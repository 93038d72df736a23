# shellcheck shell=bash disable=SC2034  # the variables are read where this is sourced
# Shared by run, host and selftest.sh; sourced. Everything of the lab's that lasts lies in $lab_state,
# never in the checkout.

shopt -s inherit_errexit
lab_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
lab_checkout=$(cd "$lab_here/../.." && pwd -P)
lab_state=${DMAGENTS_LAB_DIR:-${TMPDIR:-/tmp}/dmagents-lab}

# Options that both `run` and `host start` understand; parse_option fills them.
disks=() shares=() environment=() kernel_arguments=()
memory=2G
cgroups=no
hypervisor=uml
userland=''
clock=no
zoned=''

letters=abcdefgh

say() { printf 'lab: %s\n' "$*" >&2; }
fail() { say "$@"; exit 2; }

. "$lab_here/userland.sh"

prepare_state() {
  mkdir -p "$lab_state/runs" "$lab_state/hosts" "$lab_state/bin"
  lab_state=$(cd "$lab_state" && pwd -P)
  # The path goes onto a kernel's command line and into socket addresses of 108 bytes.
  [[ $lab_state != *[[:space:],]* && ${#lab_state} -le 70 ]] ||
    fail "DMAGENTS_LAB_DIR must be a path of at most 70 characters without blanks and commas: $lab_state"
}

# shellcheck source=/dev/null
load_hypervisor() { . "$lab_here/$hypervisor.sh"; }

need_tools() {
  local option=''
  [[ $hypervisor == uml ]] || option=" --$hypervisor"
  if ! hypervisor_is_there || ! command -v gcc >/dev/null; then
    fail "the guest's kernel, its hypervisor or gcc is missing; run $lab_here/install.sh$option as root"
  fi
}

# Compiles one program of the lab, unless these very sources have been compiled already. Prints its path.
build() {
  local name=$1 flags=$2 program fresh hash
  shift 2
  hash=$(cd "$lab_here" && cat "$@" ./*.h | sha256sum)
  program=$lab_state/bin/$name-${hash:0:16}
  if [[ ! -x $program ]]; then
    # Under a name of this process, then renamed: two runs may compile at the same time.
    fresh=$program.$BASHPID
    # shellcheck disable=SC2086
    (cd "$lab_here" && gcc -O2 -Wall -Wextra -Wno-unused-result $flags -o "$fresh" "$@") ||
      fail "cannot compile $name; is libc6-dev installed? run $lab_here/install.sh as root"
    mv "$fresh" "$program"
  fi
  printf '%s\n' "$program"
}

build_programs() {
  [[ -z $zoned || $hypervisor == qemu ]] || fail "--zoned goes with --qemu only: User Mode Linux has no zoned disks"
  lab_init=$(build init -static init.c guest_system.c guest_hypervisor.c guest_jobs.c)
  lab_relay=$(build relay '' relay.c)
  lab_client=$(build client '' client.c)
  [[ $clock == no ]] || add_clock
}

# The guest's programs read the clock without a system call. It is for what is timed, not for what is tested: a chroot
# does not see the library.
add_clock() {
  local library
  [[ $hypervisor == uml ]] || fail "--clock goes with User Mode Linux only"
  library=$(build clock '-shared -fPIC' clock.c)
  shares+=("$lab_state/bin"$'\t'/mnt/lab)
  environment+=("LD_PRELOAD=/mnt/lab/${library##*/}")
}

# Takes one option with its value. Status 1: not an option of these. The number of words taken is in $taken.
parse_option() {
  taken=2
  case $1 in
    --cgroups) cgroups=yes taken=1; return ;;
    --qemu) hypervisor=qemu taken=1; return ;;
    --clock) clock=yes taken=1; return ;;
    --disk | --zoned | --memory | --share | --env | --kernel | --userland) (($# > 1)) || fail "$1 needs a value" ;;
    *) return 1 ;;
  esac
  case $1 in
    --zoned) is_size "$2" || fail "--zoned wants a size like 512M, not: $2"; zoned=$2 ;;
    --disk) disks+=("$(check_disk "$2")") ;;
    --memory) is_size "$2" || fail "--memory wants a size like 2G, not: $2"; memory=${2^^} ;;
    --share) shares+=("$(split_share "$2")") ;;
    --env) [[ $2 == [A-Za-z_]*=* ]] || fail "--env wants NAME=VALUE, not: $2"; environment+=("$2") ;;
    --kernel) kernel_arguments+=("$2") ;;
    --userland)
      [[ $2 =~ ^[a-z]+$ ]] || fail "--userland wants the name of a Debian release such as trixie, not: $2"
      userland=$2
      ;;
  esac
}

is_size() { [[ $1 =~ ^[0-9]+[KMGTkmgt]?$ ]]; }

# Prints one --disk value, a file by its whole path.
check_disk() {
  if is_size "$1"; then
    printf '%s\n' "$1"
    return
  fi
  [[ -f $1 || -b $1 ]] || fail "--disk wants a size like 512M or an existing file, not: $1"
  [[ $(realpath "$1") != *[[:space:],:]* ]] || fail "a disk's path must be without blanks, commas and colons: $1"
  realpath "$1"
}

# Makes the disks that are given as a size (sparse files in directory $1), and sets disk_files in order.
make_disks() {
  local directory=$1 index=0 disk
  disk_files=()
  ((${#disks[@]} <= 8)) || fail "a guest has at most 8 disks"
  for disk in "${disks[@]}"; do
    if is_size "$disk"; then
      [[ -e $directory/disk$index.img ]] || truncate -s "$disk" "$directory/disk$index.img"
      disk=$directory/disk$index.img
    fi
    disk_files+=("$disk")
    index=$((index + 1))
  done
}

# Prints HOST<tab>GUEST of one --share value.
split_share() {
  local from=${1%%:*} to=${1#*:}
  [[ -d $from ]] || fail "--share: no such directory: $from"
  from=$(realpath "$from")
  [[ $1 == *:* ]] || to=$from
  [[ $to == /* ]] || fail "--share: the path in the guest must be absolute: $to"
  [[ $from$to != *[$'\t\n,']* ]] || fail "--share: no tabs, newlines and commas in paths: $1"
  printf '%s\t%s\n' "$from" "$to"
}
