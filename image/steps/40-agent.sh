#!/usr/bin/env bash
# Purpose: build the agent, the updater and the hardware test for the device, put overlays and units in, and say what starts
# Tools: make systemctl
# Needs: settled keys overlay/a overlay/b overlay/common systemd hwtest
# Makes: agent
set -euo pipefail

main() {
    local root=$WORK/root slot
    make --no-print-directory build-arm64 updater-arm64 hwtest VERSION="$VERSION" >&2
    install -m 0755 bin/calendarbot-arm64 "$root/usr/bin/calendarbot"
    install -m 0755 bin/calendarbot-update-arm64 "$root/usr/bin/calendarbot-update"
    install -m 0755 bin/calendarbot-hwtest-arm64 "$root/usr/bin/calendarbot-hwtest"
    find "$root/etc/systemd/system" -mindepth 1 -delete
    put overlay/common "$root"
    install -m 0644 "$WORK/keys/system.cert.pem" "$root/etc/rauc/keyring.pem"
    sed -i "s/^bundle-formats=.*/&\nmin-bundle-version=$VERSION/" "$root/etc/rauc/system.conf"
    grep -qxF "min-bundle-version=$VERSION" "$root/etc/rauc/system.conf" || { echo "etc/rauc/system.conf has no place for min-bundle-version" >&2 && return 1; }
    mkdir -p "$root/usr/share/calendarbot/update"
    install -m 0644 "$WORK/keys/tuf/root.json" "$root/usr/share/calendarbot/update/root.json"
    if [[ -n ${UPDATE_URL:-} ]]; then
        echo "$UPDATE_URL" >"$root/usr/share/calendarbot/update/url"
    fi
    for slot in a b; do
        mkdir -p "$root/usr/share/calendarbot/overlay/$slot"
        put "overlay/$slot" "$root/usr/share/calendarbot/overlay/$slot"
    done
    install -m 0644 systemd/calendarbot* "$root/usr/lib/systemd/system/"
    # Only what 00-calendarbot.preset names starts; a link to /dev/null in overlay/common is what never does.
    systemctl --root "$root" --quiet preset-all
    : >"$WORK/agent"
}

# put copies a tree with the modes that git knows of: which others a checkout has depends on who made it.
put() {
    local copy=$WORK/put
    rm -rf "$copy"
    cp -r "$1" "$copy"
    chmod -R u=rwX,go=rX "$copy"
    cp -r "$copy/." "$2/"
}

main "$@"
