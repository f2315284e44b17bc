#!/usr/bin/env bash
# Purpose: make the bundle that updates the system of a device
# Tools: rauc mksquashfs
# Needs: slot.ext4 keys image/layout
# Makes: bundle.made
set -euo pipefail

main() {
    local tree=$WORK/bundle
    mkdir -p "$tree"
    ln "$WORK/slot.ext4" "$tree/system.ext4"
    cat >"$tree/manifest.raucm" <<EOF
[update]
compatible=calendarbot-pizero2w
version=$VERSION

[bundle]
format=verity

[image.system]
filename=system.ext4
EOF
    rm -f "$OUT/$NAME.raucb"
    rauc bundle --cert "$WORK/keys/system.cert.pem" --key "$WORK/keys/system.key.pem" \
        --mksquashfs-args="-comp zstd -Xcompression-level 9 -quiet -no-progress -processors 2" "$tree" "$OUT/$NAME.raucb" >&2
    : >"$WORK/bundle.made"
}

main "$@"
