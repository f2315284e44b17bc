#!/usr/bin/env bash
# Purpose: settle users, certificates and links, which the packages' own scripts would do on the device's processor
# Tools: awk
# Needs: root kernel overlay/common/etc/passwd overlay/common/etc/group systemd/sysusers.d
# Makes: settled
set -euo pipefail

main() {
    local root=$WORK/root
    # Users and groups are those of overlay/common/etc/{passwd,group}, with numbers that never change, since files on the data
    # partition belong to numbers and outlive both systems. None is made on the device.
    known_users "$root"
    rm -rf "$root/usr/lib/sysusers.d" "$root"/usr/lib/systemd/system/{systemd-sysusers.service,sysinit.target.wants/systemd-sysusers.service}

    # The authorities of the web, in one file, as update-ca-certificates writes it.
    find "$root/usr/share/ca-certificates/mozilla" -name '*.crt' -print0 | sort -z | xargs -0 cat >"$root/etc/ssl/certs/ca-certificates.crt"

    ln -sfn ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
    ln -sfn ../usr/share/zoneinfo/Etc/UTC "$root/etc/localtime"
    # Debian's choice of alternatives.
    ln -sfn regulatory.db-debian "$root/usr/lib/firmware/regulatory.db"
    ln -sfn regulatory.db.p7s-debian "$root/usr/lib/firmware/regulatory.db.p7s"
    ln -sfn mawk "$root/usr/bin/awk"
    : >"$root/etc/machine-id" # made by the first start
    mkdir -p "$root/data" "$root/boot/firmware"
    # What is on the data partition, and what is in memory.
    rm -rf "${root:?}"/{var,tmp,run,home,root,media,mnt,srv}
    mkdir -m 0755 "$root"/{var,run,home,srv}
    mkdir -m 0700 "$root/root"
    mkdir -m 1777 "$root/tmp"
    # Time zones under their proper names alone; "right/" and "posix/" are the same ones once more.
    rm -rf "$root"/usr/share/zoneinfo/{right,posix}
    printf 'IMAGE_ID=calendarbot\nIMAGE_VERSION=%s\n' "$VERSION" >>"$root/usr/lib/os-release"
    : >"$WORK/settled"
}

# known_users stops where a package wants a user or group that overlay/common/etc does not have. systemd's basic.conf is for
# what people install on servers.
known_users() {
    local unknown
    unknown=$(find "$1/usr/lib/sysusers.d" systemd/sysusers.d -name '*.conf' ! -name basic.conf -exec cat {} + | awk '
        FILENAME == "-" && $1 ~ /^(u!?|g)$/ && !($2 in known) { print $2 }
        FILENAME != "-" { split($0, field, ":"); known[field[1]] }
    ' overlay/common/etc/passwd overlay/common/etc/group -)
    if [[ -n $unknown ]]; then
        echo "overlay/common/etc/passwd or group lacks ${unknown//$'\n'/, }" >&2
        return 1
    fi
}

main "$@"
