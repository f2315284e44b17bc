#!/usr/bin/env bash
# Purpose: make the system's slot and the data partition
# Tools: mkfs.ext4 debugfs dumpe2fs e2fsck
# Needs: root agent modules initramfs image/ext4 image/layout
# Makes: slot.ext4 data.ext4
set -euo pipefail

# Names of the file systems: always the same, as a partition is found by its number on the disk.
readonly SLOT_UUID=43414c42-5359-5354-454d-000000000001 DATA_UUID=43414c42-4441-5441-0000-000000000001

main() {
    # shellcheck source=/dev/null
    source image/layout
    # Who would gain rights by running a program has none to gain here: services drop theirs, nobody logs in but root.
    find "$WORK/root" -perm /6000 -type f -exec chmod ug-s {} +
    # No larger than what is in it: it is never written to, and all of it is copied to the other slot. U-Boot reads ext4 as it was some
    # years ago.
    local size
    size=$(($(find "$WORK/root" -printf '%s\n' | awk '{ sum += int(($1 + 4095) / 4096) + 1 } END { print int(sum / 256) + 1 }') * 104 / 100 + 16))
    if ((size > SLOT_MIB)); then
        echo "the system needs $size MiB, its slot has $SLOT_MIB" >&2
        return 1
    fi
    image/ext4 "$WORK/root" "$WORK/slot.ext4" "${size}M" $SLOT_UUID system -b 4096 -i 16384 -O ^metadata_csum_seed,^orphan_file
    local data=$WORK/data
    mkdir -p "$data"/{var/lib,config/{a,b}/{etc,work,base},slots,agent/{a,b},update/{metadata,part},rauc}
    # It grows to a card's size: room for the table of blocks, and inodes by the size that it gets. What the agent fills leaves root
    # room to note which slot holds: one percent on a card. For that it begins with three: the kernel that grows it reserves nothing of
    # what fills up the first group of blocks, and then goes by whole percents, rounded down at each step.
    image/ext4 "$data" "$WORK/data.ext4" "${DATA_MIB}M" $DATA_UUID data -m 3 -b 4096 -i 16384 -E resize=512G,hash_seed=$DATA_UUID,lazy_itable_init=0
}

main "$@"
