#!/usr/bin/env bash
# Purpose: make the first partition: firmware, U-Boot, and what is meant for people
# Tools: mkfs.vfat mcopy mkimage mkenvimage
# Needs: kernel image/boot image/layout
# Makes: firmware.fat boot-state
set -euo pipefail

main() {
    # shellcheck source=/dev/null
    source image/layout
    local tree=$WORK/firmware firmware=$WORK/kernel/usr/lib/raspi-firmware fat=$WORK/firmware.fat
    mkdir -p "$tree"
    cp "$firmware"/{bootcode.bin,start.elf,fixup.dat} "$tree/"
    cp "$WORK/kernel/usr/share/doc/raspi-firmware/copyright" "$tree/LICENCE.txt"
    cp "$WORK/kernel/usr/lib/u-boot/rpi_arm64/u-boot.bin" "$tree/"
    cp "$(find "$WORK"/kernel/usr/lib/linux-image-* -name bcm2837-rpi-zero-2-w.dtb)" "$tree/"
    cp image/boot/config.txt "$tree/"
    find image/boot -name "*.yaml" -exec cp {} "$tree/" \;
    mkimage -A arm64 -T script -C none -n calendarbot -d image/boot/boot.cmd "$tree/boot.scr" >/dev/null
    mkenvimage -s 0x4000 -o "$tree/uboot.env" <(variables image/boot/uboot.env.txt)
    mkenvimage -s 0x200 -o "$WORK/boot-state" <(variables image/boot/boot-state.txt)

    find "$tree" -exec touch --date "@$SOURCE_DATE_EPOCH" {} +
    rm -f "$fat"
    truncate --size "${FIRMWARE_MIB}M" "$fat"
    mkfs.vfat --invariant -F 32 -i "$DISK_ID" -n CALENDARBOT "$fat" >/dev/null
    (cd "$tree" && mcopy -m -i "$fat" -- * ::/)
}

# variables prints a file without its comments, which mkenvimage would take for variables.
variables() { grep -v -e '^#' -e '^$' "$1"; }

main "$@"
