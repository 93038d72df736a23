# Compiles the Go programs of this folder. Sourced; needs "here", "root" and "fail".
# shellcheck shell=bash

# Compiles, unless these very sources have been compiled with this very containerd already; prints where the program is.
# "compile NAME GO-COMMAND..."; a folder of that name holds the sources, or this one does.
compile() {
  local name=$1 cache=${DMAGENTS_CACHE:-$HOME/.cache/dmagents} gocode=/usr/share/gocode sources=$here hash program
  shift
  [[ -d $here/$name ]] && sources=$here/$name
  [[ -x /usr/bin/go && -d $gocode/src/github.com/containerd/containerd/snapshots/testsuite ]] ||
    fail "golang-go or golang-github-containerd-containerd-dev is missing; run $root/tests/lab/install.sh as root"
  hash=$(cd "$sources" && { cat ./*.go; dpkg-query -W golang-go golang-github-containerd-containerd-dev; } | sha256sum)
  program=$cache/$name-${hash:0:16}/$name
  if [[ ! -x $program ]]; then
    mkdir -p "${program%/*}"
    # Under a name of this process, then renamed: two runs may compile at the same time.
    (cd "$sources" && GO111MODULE=off GOPATH=$gocode CGO_ENABLED=0 go "$@" -o "$program.$$" .) >&2 ||
      fail "the program $name cannot be compiled"
    mv "$program.$$" "$program"
  fi
  printf '%s\n' "${program%/*}"
}
