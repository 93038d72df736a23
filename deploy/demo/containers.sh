# Containers, and what they do to the pool's blocks; sourced by play.sh.
# shellcheck shell=bash

act "Containers" "A container is a writable snapshot: it costs nothing until it is written."
run container create web1 --image debian:demo --pool main --mount
note ""
note "\$ chroot .../mnt/web1"
chroot "$MNT/web1" /bin/sh -c '. /etc/os-release; echo "   inside: $PRETTY_NAME"; python3 -c "print(\"   inside: python says\", 6 * 7)"'
note ""
ten() { for i in 0 1 2 3 4 5 6 7 8 9; do quietly container create "c$i" --image debian:demo --pool main; done; }
measured "ten more containers of the same image:" ten
expect "ten containers cost less than 1 MiB" test "$CHANGE" -lt 1024
measured "reading every file of the image in web1:" sh -c "find $MNT/web1/usr -type f -exec cat {} +"
expect "reading copies nothing but what the file system notes of it" test "$CHANGE" -lt 512
measured "a new file of 20 MiB:" dd if=/dev/urandom of="$MNT/web1/new" bs=1M count=20 status=none
expect "about 20 MiB" test "$CHANGE" -ge 20000 -a "$CHANGE" -le 22500
large=$(find "$MNT/web1/usr" -type f -size +4M | head -1)
measured "4 KiB in the middle of a file of the image ($(($(stat -c %s "$large") / 1048576)) MiB):" \
  dd if=/dev/urandom of="$large" bs=4k count=1 seek=500 conv=notrunc status=none
expect "only the pool blocks around it are copied" test "$CHANGE" -gt 0 -a "$CHANGE" -le 512
measured "deleting it, and trimming:" sh -c "rm $MNT/web1/new; sync; fstrim $MNT/web1"
expect "the blocks are back in the pool" test "$CHANGE" -le -19000
rm "$MNT/web1/etc/motd" && note "deleted /etc/motd in web1"
quietly container create other --image debian:demo --pool main --mount
expect "the image still has it: a second container shows it" test -e "$MNT/other/etc/motd"
quietly container unmount other --pool main
expect "an unmounted container's directory is empty" test -z "$(ls -A "$MNT/other")"

act "An image of a running container" "Frozen for the instant of the snapshot; the container goes on."
echo "made in web1" > "$MNT/web1/srv/message"
run container commit web1 mine:1 --pool main
quietly container create mine --image mine:1 --pool main --mount
expect "a container of the new image has the change" grep -q "made in web1" "$MNT/mine/srv/message"
run container show web1 --pool main
