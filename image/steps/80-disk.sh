#!/usr/bin/env bash
# Purpose: put the partitions together
# Tools: sfdisk dd truncate
# Needs: firmware.fat boot-state slot.ext4 data.ext4 image/layout
# Makes: disk
set -euo pipefail

main() {
    # shellcheck source=/dev/null
    source image/layout
    local disk=$WORK/disk.img
    truncate --size "${DISK_MIB}M" "$disk"
    sfdisk --quiet "$disk" <<EOF
label: dos
label-id: 0x$DISK_ID
unit: sectors
start=$((FIRMWARE_START * 2048)), size=$((FIRMWARE_MIB * 2048)), type=c, bootable
start=$((SLOT_A_START * 2048)), size=$((SLOT_MIB * 2048)), type=83
start=$((SLOT_B_START * 2048)), size=$((SLOT_MIB * 2048)), type=83
start=$((DATA_START * 2048)), size=$((DATA_MIB * 2048)), type=83
EOF
    put "$WORK/boot-state" $((BOOT_STATE_SECTOR * 512))
    put "$WORK/firmware.fat" $((FIRMWARE_START << 20))
    put "$WORK/slot.ext4" $((SLOT_A_START << 20))
    put "$WORK/data.ext4" $((DATA_START << 20))
    # Under its name there is a whole image or none.
    mv "$disk" "$OUT/$NAME.img"
    : >"$WORK/disk"
}

# put writes a file into the disk at an offset in bytes; what is zero stays a hole.
put() {
    dd if="$1" of="$WORK/disk.img" bs=512 seek=$(($2 / 512)) conv=notrunc,sparse status=none
}

main "$@"
