#!/usr/bin/env bash
# A host-managed zoned disk (an NVMe namespace of QEMU's, kernel 6.12): no pool takes any of it, and the refusal says why.
# The kernel itself would fail after the disk was labelled. Ends with one line: N passed, N failed, N skipped.
#
#   tests/zoned/run.sh     a minute; installs QEMU if it is missing
#
# User Mode Linux has no zoned disks, and tests/run.sh no QEMU: this is a command of its own. Takes dmagentd and dmagent from
# DMAGENTS_BIN, or from artifacts/bin, where deploy/build.sh puts them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
[[ $# == 0 ]] || { sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2; }
cd "$root"
tests/lab/install.sh --qemu >&2
bin=${DMAGENTS_BIN:-$root/artifacts/bin}
[[ -n ${DMAGENTS_BIN:-} ]] || deploy/build.sh "$bin" >&2
tests/lab/run --qemu --zoned 512M --memory 3G --disk 1G --disk 512M --silence 300 --env BIN="$bin" -- \
  bash "$root/tests/zoned/guest.sh"
