#!/usr/bin/env bash
# Purpose: fetch the packages from Debian's mirror
# Tools: apt-get apt-cache go
# Needs: image/packages.txt image/packages.lock image/left-out.txt
# Makes: debs packages.tsv
set -euo pipefail

main() {
    # shellcheck disable=SC2086 # it is an option or nothing
    go run ./image/packages fetch --list image/packages.txt --lock image/packages.lock $LOCKED --into "$CACHE/debs" --tsv "$WORK/all.tsv"
    without_left_out <"$WORK/all.tsv" >"$WORK/packages.tsv"
    ln -s "$CACHE/debs" "$WORK/debs"
}

# without_left_out prints the lines of those packages that are not in image/left-out.txt.
without_left_out() {
    awk -F '\t' 'NR == FNR { if ($1 !~ /^(#|$)/) out[$1]; next } !($1 in out)' image/left-out.txt -
}

main "$@"
