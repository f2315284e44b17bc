#!/usr/bin/env bash
# Purpose: make the initramfs: a shell, a checker of file systems, and what sees the card
# Tools: cpio zstd depmod
# Needs: root kernel modules image/initramfs/init
# Makes: initramfs
set -euo pipefail

# Modules that see the card and its file systems, by name.
readonly MODULES=(bcm2835_wdt sdhci-iproc bcm2835 raspberrypi-cpufreq virtio_blk ext4 overlay vfat nls_cp437 nls_ascii crc32c_generic crc32c-arm64 fixed gpio-regulator)

main() {
    local tree=$WORK/initramfs.tree release
    release=$(<"$WORK/modules")
    mkdir -p "$tree"/{bin,dev,proc,sys,run,sysroot,usr/lib/modules/"$release"}
    ln -s usr/lib "$tree/lib"
    ln -s bin "$tree/sbin" # where the kernel looks for modprobe
    install -m 0755 image/initramfs/init "$tree/init"
    install -m 0755 "$WORK/kernel/usr/bin/busybox" "$tree/bin/busybox"
    install -m 0755 "$WORK/kernel/usr/sbin/e2fsck.static" "$tree/bin/e2fsck"
    (cd "$WORK/root/usr/lib/modules/$release" && wanted | cpio --quiet -pd "$tree/usr/lib/modules/$release")
    cp "$WORK/root/usr/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$tree/usr/lib/modules/$release/"
    depmod -b "$tree" "$release"
    find "$tree" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
    (cd "$tree" && find . -mindepth 1 -print0 | sort -z | cpio --quiet --null --create --format newc --reproducible --owner 0:0) |
        zstd -q -19 --no-progress >"$WORK/root/boot/initramfs"
    : >"$WORK/initramfs"
}

# wanted prints the files of MODULES that there are, and of all that those depend on.
wanted() {
    local module file
    for module in "${MODULES[@]}"; do
        file=$(grep -m 1 -o "^[^:]*/$module\.ko" modules.dep || true)
        if [[ -n $file ]]; then
            grep "^$file:" modules.dep | tr -d : | tr ' ' '\n'
        fi
    done | sort -u | grep .
}

main "$@"
