#!/bin/bash
# Draws what demo.sh printed, without tables and progress, as the README's picture.
#
#   deploy/fleet/demo.sh 2>&1 | tee LOG; deploy/fleet/picture.sh LOG > deploy/fleet/run.svg
set -euo pipefail
[ $# = 1 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 2; }
grep -q '^demo: ok$' "$1" || { echo "picture: $1 is not the output of a run that ended with demo: ok" >&2; exit 1; }

# The lines that tell the story, each behind its colour and a tab.
story() {
  sed 's/\x1b\[[0-9;]*m//g' "$1" | awk -v title='#ffffff" font-weight="bold' -v typed='#79c0ff' -v good='#7ee787' \
    -v plain='#c9d1d9' -v refused='#ffa657' '
    /^[0-9]+\. / { act++; if (act > 1) print plain "\t"; print title "\t" $0; getline; print plain "\t" $0; next }
    /^   [a-z]+\$ dmagent/ {
      sub(/--token dmf[0-9a-z]+/, "--token dmf...")
      sub(/\/tmp\/dmfleet[^ ]*\//, ""); print typed "\t" $0; next
    }
    /^   ok: / { print good "\t" $0; next }
    /^dmagent: |^  next: / { print refused "\t   " $0; next }
    /^   (what dov asked|inside: |ada has sent|debian:demo is on|Debian.s docker-registry)/ { print plain "\t" $0; next }
    /^     (HEAD|GET) / { print plain "\t" $0; next }
    /^   (bea|cem|dov) is a member|left fleet|is revoked in/ { print plain "\t" $0; next }
    /^   .* ago: a copy to/ { print plain "\t" $0; next }
    /^demo: ok/ { print plain "\t"; print good "\t" $0 }'
}
# Longer lines would leave the picture.
story "$1" | awk -F '\t' '
  function text(line) {
    if (length(line) > 118) line = substr(line, 1, 115) "..."
    gsub(/&/, "\\&amp;", line); gsub(/</, "\\&lt;", line); gsub(/>/, "\\&gt;", line)
    return line
  }
  { colour[NR] = $1; line[NR] = text($2) }
  END {
    height = 18 * NR + 30
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 %d\" ", height
    print "font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"13\">"
    printf "<rect width=\"960\" height=\"%d\" rx=\"8\" fill=\"#12161c\"/>\n", height
    for (n = 1; n <= NR; n++)
      printf "<text x=\"16\" y=\"%d\" fill=\"%s\" xml:space=\"preserve\">%s</text>\n", 12 + 18 * n, colour[n], line[n]
    print "</svg>"
  }'
