#!/usr/bin/env bash
# Purpose: unpack them, without what nobody reads on a device
# Tools: dpkg-deb
# Needs: debs packages.tsv
# Makes: root kernel
set -euo pipefail

# What is never looked at there. Licences stay.
readonly STRIPPED=(
    usr/share/{man,info,locale,lintian,bug,bash-completion,zsh,fish,doc-base,menu,gdb,perl5,debconf,initramfs-tools,mime,pixmaps}
    usr/share/{polkit-1,factory,dbus-1/interfaces}
    usr/lib/udev/hwdb.d usr/lib/systemd/catalog usr/include
    etc/{cron.daily,init.d,default,logrotate.d,kernel,initramfs-tools,alternatives,pam.d,apparmor.d,rc2.d,rcS.d,update-motd.d,skel,profile.d}
    usr/share/systemd/kbd-model-map usr/share/systemd/language-fallback-map
    usr/lib/aarch64-linux-gnu/{gconv,perl-base} usr/lib/{apt,dpkg,ssl/misc} usr/{games,src,local}
)

main() {
    local root=$WORK/root kernel=$WORK/kernel name file
    mkdir -p "$root" "$kernel"
    # base-files first: it has the links from /bin and /lib to /usr.
    while IFS=$'\t' read -r name file; do
        case $name in
            linux-image-* | raspi-firmware | u-boot-rpi | busybox-static | e2fsck-static) dpkg-deb -x "$file" "$kernel" ;;
            *) dpkg-deb -x "$file" "$root" ;;
        esac
    done < <(files)
    find "$root/usr/share/doc" -mindepth 2 ! -type d ! -name copyright -delete
    find "$root/usr/share/doc" -type d -empty -delete
    (cd "$root" && rm -rf "${STRIPPED[@]}")
    wireless_firmware "$root/usr/lib/firmware"
}

# files prints name and file of each package, base-files first.
files() {
    local name version architecture rest
    while IFS=$'\t' read -r name version architecture rest; do
        printf '%s\t%s\n' "$name" "$(find "$WORK/debs/" -maxdepth 1 -name "${name}_${version//:/%3a}_$architecture.deb")"
    done <"$WORK/packages.tsv" | sort -t $'\t' -k 1,1 | awk -F '\t' '$1 == "base-files" { print; next } { rest = rest $0 "\n" } END { printf "%s", rest }'
}

# wireless_firmware keeps the firmware of the boards' radios (BCM43430 and BCM43436), and what the kernel asks for by name.
wireless_firmware() {
    find "$1" \( -type f -o -type l \) ! -path '*/brcm/brcmfmac4343[06]*-sdio*' ! -path '*/cypress/cyfmac43430*' ! -name 'regulatory.db*' -delete
    find "$1" -type d -empty -delete
}

main "$@"
