#!/usr/bin/env bash
# Purpose: pack the image for the download, and write down what is in it
# Tools: xz go
# Needs: disk packages.tsv blobs bundle.made image/manifest
# Makes: products
set -euo pipefail

main() {
    local image=$OUT/$NAME
    # Blocks of 16 MiB are packed side by side, and the same on every machine however many processors it has.
    xz --keep --force --threads=2 --block-size=16MiB -4 "$image.img"
    go run ./image/manifest ${BASE_URL:+--base "$BASE_URL"} --version "$VERSION" --image "$image.img" --xz "$image.img.xz" --packages "$WORK/packages.tsv" --out "$OUT" \
        --agent "$WORK/root/usr/bin/calendarbot" --blobs "$WORK/blobs" --missing "$WORK/root/usr/share/calendarbot/missing-firmware" --docs "$WORK/root" --docs "$WORK/kernel" --also "$image.raucb"
    summary
}

# The most that the download may have, in MB, and the system of its slot, in MiB.
readonly MOST_DOWNLOAD=150 MOST_USED=400

# summary tells how large everything became, how large it may be, and what is not as it was meant to be.
summary() {
    local download used
    download=$(($(stat -c %s "$OUT/$NAME.img.xz") / 1000000))
    used=$(dumpe2fs -h "$WORK/slot.ext4" 2>/dev/null | awk '/^Block count:/ { count = $3 } /^Free blocks:/ { free = $3 } /^Block size:/ { size = $3 } END { print int((count - free) * size / 1048576) }')
    echo "download $download MB (goal: at most $MOST_DOWNLOAD), system slot $used MiB used (goal: at most $MOST_USED), bundle $(($(stat -c %s "$OUT/$NAME.raucb") / 1000000)) MB" >&2
    if ((download > MOST_DOWNLOAD || used > MOST_USED)); then
        echo "that is more than the goal" >&2
        return 1
    fi
    if [[ -s $CACHE/debs/differences.txt ]]; then
        echo "packages that differ from image/packages.lock: $(wc -l <"$CACHE/debs/differences.txt"); image/packages.lock is renewed by make image-lock" >&2
    fi
    if [[ -e $WORK/root/usr/share/calendarbot/missing-firmware ]]; then
        echo "without $(tr '\n' ' ' <"$WORK/root/usr/share/calendarbot/missing-firmware"): no Wi-Fi on boards of the second revision" >&2
    fi
}

main "$@"
