#!/bin/bash
# In a guest of the lab, from the checkout, with six disks: types the README's lines of "Use it" one after the other, as
# a new user of one host does, and what else the page says of such a host. Called by run.sh. Ends with one line:
# N passed, N failed, N skipped.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
BIN_CLI=/usr/bin
. "$here/../docker/checks.sh"
. "$here/host.sh"
. "$here/images.sh"

# What else the page says of a host on which the agent is installed and at work.
check_host() {
  check "the pool is whole" dmagent pool check fast
  check "the container too" test -x /var/lib/dmagents/pools/fast/mnt/web1/bin/sh
  check "the journal can be read" bash -c "sqlite3 /var/lib/dmagents/journal/journal.db 'select * from readable' | grep pool-"
  check "the configuration that is installed is taken" dmagentd --check-config
  check "so is the example" dmagentd --check-config --config "$root/config/production.conf"
  check "so is that of a fleet" dmagentd --check-config --config "$root/config/fleet.conf"
  check "bash takes the completion" bash -c 'dmagent completion bash | bash -n'
  check "a member of its group may use the agent" \
    setpriv --reuid nobody --regid nogroup --groups "$(getent group dmagents | cut -d : -f 3)" dmagent pool list
  check "others may not" fails setpriv --reuid nobody --regid nogroup --clear-groups dmagent pool list
  # An installation over an agent that runs keeps the configuration.
  echo '# mine' >> /etc/dmagents/dmagents.conf
  check "it is installed again" "$root/deploy/install.sh"
  check "the configuration stays" grep -qx '# mine' /etc/dmagents/dmagents.conf
  # systemd would not find .NET there: DOTNET_ROOT is this shell's alone.
  mkdir -p /etc/dotnet && echo /nowhere > /etc/dotnet/install_location
  check "a .NET that only this shell finds is refused" fails_with install_location "$root/deploy/install.sh"
  rm /etc/dotnet/install_location
  check "the agent is restarted" systemctl restart dmagentd
  await_agent
  check "the container goes on" mountpoint /var/lib/dmagents/pools/fast/mnt/web1
}

# The agent proves each backup by a restoration on a copy, with the thin-provisioning-tools of the guest's release.
back_up() {
  local name
  name=$(dmagent pool backup now fast --quiet)
  check "the backup is proved to be restorable" becomes_proved "$name"
}

# A proof that takes long comes after the answer to the backup.
becomes_proved() {
  [ -n "$1" ] || return 1
  await 60 is_proved "$1" || { dmagent pool backup list fast; return 1; }
}

is_proved() { dmagent pool show fast --json | grep "\"latest_proved\": \"$1\""; }

# What the page leaves to its reader between two lines.
before() {
  local pool
  case $1 in
    # Each is another way to make a pool.
    "dmagent pool create "*)
      for pool in $(dmagent pool list --quiet); do dmagent pool remove "$pool" --force > /dev/null; done ;;
    "dmagent image import ./debian-oci") cd /tmp || give_up "no /tmp" ;;
    "dmagent pool repair-metadata fast") damage_metadata ;;
    "dmagent pool backup list "*) back_up ;;
    "dmagent pool restore-metadata "*) dmagent container unmount web1 > /dev/null ;;
    "dmagent pool adopt "*)
      dmagent container mount web1 > /dev/null
      lose_journal ;;
    "dmagent container remove "*) check_host ;;
  esac
}

# The line as it is typed here, where it names what only one host has.
as_typed() {
  case $1 in
    "dmagent pool restore-metadata "*) sed -E "s/[0-9]{8}T[0-9]{6}Z/$(dmagent pool backup list fast --quiet | tail -n 1)/" ;;
    # It does not end by itself.
    *--follow) sed 's/^/timeout --preserve-status --signal INT 5 /' ;;
    *) cat ;;
  esac <<< "$1"
}

after() {
  case $1 in
    *install.sh*)
      check "systemd is asked for the unit" equal "$(paste -sd , /tmp/systemctl.log)" "daemon-reload,enable --now dmagentd"
      await_agent ;;
    "dmagent container create "*) check "it is mounted" mountpoint /var/lib/dmagents/pools/fast/mnt/web1 ;;
    *"--platform linux/arm64") check "it is listed" bash -c 'dmagent image list | grep debian:all' ;;
    *"--into "*) check "all of it is there" dmagent container mount web1 ;;
    "dmagent pool adopt "*) check "without --dry-run it is taken" dmagent pool adopt fast ;;
  esac
}

name_disks
make_stand_ins
(cd /tmp && make_images)
cd "$root" || give_up "no checkout"
mapfile -t lines < <(sed -n '/^## Use it/,$p' README.md | sed '1,/^```$/d; /^```$/,$d; s/  *#.*//; /^$/d')
((${#lines[@]} > 20)) || give_up "the page has no such lines"
for line in "${lines[@]}"; do
  before "$line"
  check "README: $line" eval "$(as_typed "$line")"
  after "$line"
done

check "nothing of the pool is left" bash -c '[ "$(dmsetup ls | grep -c dmagents-)" = 0 ] && ! dmagent pool list | grep fast'
check "the agent stops in order" systemctl stop dmagentd
finish
