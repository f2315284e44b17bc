#!/usr/bin/env bash
# Purpose: fetch the firmware of image/firmware.lock, where this machine reaches it
# Tools: curl sha256sum
# Needs: root image/firmware.lock
# Makes: blobs
set -euo pipefail

main() {
    local sum size path address kept missing=$WORK/root/usr/share/calendarbot/missing-firmware
    mkdir -p "$CACHE/firmware" "$(dirname "$missing")"
    : >"$WORK/blobs"
    while read -r sum size path address; do
        kept=$CACHE/firmware/$sum
        if fetch "$sum" "$size" "$kept" "$address"; then
            install -D -m 0644 "$kept" "$WORK/root/$path"
            printf '%s\t%s\t%s\n' "$path" "$sum" "$address" >>"$WORK/blobs"
        else
            echo "$path" >>"$missing"
        fi
    done < <(grep -v '^#' image/firmware.lock)
    if [[ -e $missing ]]; then
        echo "NOT IN THE IMAGE, since it could not be fetched: $(tr '\n' ' ' <"$missing")" >&2
        echo "Wi-Fi will not work on Zero 2 W boards of the second revision." >&2
    fi
}

# fetch puts a file into the cache, with the right content or not at all.
fetch() {
    if [[ ! -e $3 ]]; then
        curl --silent --fail --location --connect-timeout 10 --max-time 120 --max-filesize "$2" --output "$3.new" "$4" || return 1
        if ! sha256sum --check --status <<<"$1  $3.new"; then
            echo "$4 has not the content that image/firmware.lock names" >&2
            rm -f "$3.new"
            return 1
        fi
        mv "$3.new" "$3"
    fi
}

main "$@"
