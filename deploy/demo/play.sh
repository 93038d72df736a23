#!/bin/bash
# The acts of the demonstration, on a machine whose kernel has dm-thin. Called by deploy/demo.sh, which sets BIN (where
# dmagentd and dmagent are), IMAGE (an OCI layout) and LAB_DISKS (four disks that may be overwritten).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

act "The agent starts" "One daemon per host owns its thin pools. Its state is a journal on the host itself."
prepare_stage
start_agent
run host status

act "Two pools" "One on two disks, data and metadata apart. One in loop files: for trying out."
run pool create main --data "$DISK_DATA" --metadata "$DISK_META"
run pool create trial --loop --data-size 1GiB
run pool list

act "A real Debian image" "Each layer becomes a thin snapshot of the layer below it, under its chain id."
run image import "$IMAGE" --pool main
run layer tree --pool main

. "$here/containers.sh"
. "$here/growth.sh"
. "$here/crash.sh"

act "The end" "The agent stops. Devices and mounts stay as they are: containers do not notice."
stop_agent
expect "web1 is still mounted" mountpoint -q "$MNT/web1"
clear_stage
