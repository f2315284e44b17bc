#!/usr/bin/env bash
# Purpose: take the kernel and the modules of image/modules.txt
# Tools: depmod xz gzip
# Needs: root kernel image/modules.txt
# Makes: modules
set -euo pipefail

main() {
    local from release to
    from=$(echo "$WORK"/kernel/usr/lib/modules/*)
    release=$(basename "$from")
    to=$WORK/root/usr/lib/modules/$release
    mkdir -p "$to"
    # What depends on what is written down when the package's scripts run; it is kept, since looking through all modules takes long.
    local dependencies=$CACHE/modules.dep-$release
    if [[ ! -e $dependencies ]]; then
        depmod -b "$WORK/kernel/usr" "$release"
        cp "$from/modules.dep" "$dependencies.new"
        mv "$dependencies.new" "$dependencies"
    fi
    cp "$from"/modules.{builtin,builtin.modinfo,order} "$to/"
    wanted "$dependencies" | tar -C "$from" -cf - -T - | tar -C "$to" -xf -
    # Plain modules: the card reads more, the processor unpacks less, and the image as a whole packs them better.
    find "$to" -name '*.ko.xz' -print0 | xargs -0 -r -n 64 -P 2 xz -d
    sed -i 's/\.ko\.xz$/.ko/' "$to/modules.order"
    depmod -b "$WORK/root" "$release"
    mkdir -p "$WORK/root/boot"
    gzip -9nc "$WORK"/kernel/boot/vmlinuz-* >"$WORK/root/boot/vmlinuz.gz"
    # U-Boot passes on what the firmware took from p1; here the device tree is for those who boot without firmware.
    cp "$(find "$WORK"/kernel/usr/lib/linux-image-* -name bcm2837-rpi-zero-2-w.dtb)" "$WORK/root/boot/"
    echo "$release" >"$WORK/modules"
}

# wanted prints the files of the modules that image/modules.txt names, and of all that those depend on.
wanted() {
    local patterns pattern module needs
    mapfile -t patterns < <(grep -v -e '^#' -e '^$' image/modules.txt)
    while IFS=: read -r module needs; do
        for pattern in "${patterns[@]}"; do
            # shellcheck disable=SC2254 # it is a pattern
            case $module in
                kernel/$pattern.ko.xz) tr ' ' '\n' <<<"$module$needs" ;;
            esac
        done
    done <"$1" | sort -u
}

main "$@"
