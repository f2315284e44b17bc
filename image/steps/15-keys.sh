#!/usr/bin/env bash
# Purpose: take the keys that updates are signed with, or make some for this machine
# Tools: openssl go
# Needs: image/layout
# Makes: keys
set -euo pipefail

# A device takes a system only from who has the key to the certificate that was baked into its own, and updates of any kind only from where
# tuf/root.json leads. CALENDARBOT_KEYS is the folder of the release's keys; without it each machine has some of its own, in the cache, for trying.
main() {
    local keys=${CALENDARBOT_KEYS:-$CACHE/keys} name
    if [[ -n ${CALENDARBOT_KEYS:-} ]]; then
        for name in system.key.pem system.cert.pem tuf/root.json; do
            if [[ ! -e $keys/$name ]]; then
                echo "CALENDARBOT_KEYS=$keys has no $name" >&2
                return 1
            fi
        done
    else
        [[ -e $keys/system.key.pem ]] || make_key "$keys"
        go run ./scripts/release keys --keys "$keys/tuf" --if-missing >&2
    fi
    ln -sfn "$keys" "$WORK/keys"
}

# make_key makes a key and its certificate, which is its own authority.
make_key() {
    mkdir -p "$1"
    chmod 0700 "$1"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7300 -subj "/CN=CalendarBot development" \
        -addext "keyUsage=critical,digitalSignature,keyCertSign" -keyout "$1/new.pem" -out "$1/system.cert.pem" 2>/dev/null
    chmod 0600 "$1/new.pem"
    mv "$1/new.pem" "$1/system.key.pem"
    echo "made a key for trying: $1/system.key.pem" >&2
}

main "$@"
