#!/bin/bash
# GNU tar, --acls --numeric-owner.
#
# One would guess that --numeric-owner makes the whole archive numeric. It does not: owner and group of an entry have no names,
# but the POSIX ACL in SCHILY.acl.access names each user that the packing host knows (user:daemon:rwx), without the number.
# A host where that name is another user, or none, cannot restore the ACL. bsdtar appends the number (user:daemon:rwx:1).
#
# Needs apt-get, dpkg, and a file system with ACLs for the temporary directory. Exits with 1 if this has changed.
set -euo pipefail
tar_version=1.34+dfsg-1.2+deb12u1 acl_version=2.3.1-3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download "tar=$tar_version" "acl=$acl_version" >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
tar=$(echo root/bin/tar root/usr/bin/tar | tr ' ' '\n' | while read -r f; do [ ! -x "$f" ] || echo "$f"; done | head -n1)
setfacl=$(find root -name setfacl -type f)

"$tar" --version | head -n1
mkdir source
echo content >source/file
"$setfacl" -m u:1:rwx source/file
name=$(getent passwd 1 | cut -d: -f1)
[ -n "$name" ] || { echo "this host has no user 1 to be named"; exit 1; }
"$tar" --format=posix --acls --numeric-owner -C source -cf archive.tar file
listed=$("$tar" --numeric-owner -tvf archive.tar)
echo "the entry: $listed"
echo "its ACL:"
grep -a -A1 SCHILY.acl.access archive.tar | head -n2 | tr -d '\0' | cut -c1-60

[[ $listed == *0/0* ]] || { echo "changed: the owner is not numeric"; exit 1; }
grep -a -q "^user:$name:rwx" archive.tar || { echo "changed: the ACL does not name $name"; exit 1; }
echo "so it is: the ACL names $name, without a number"
