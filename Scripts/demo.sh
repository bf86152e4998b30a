#!/usr/bin/env bash
# Three real programs on this machine: the authority, an API that it protects, and an app that stays signed in. Access
# tokens live for 5 seconds, so the app's 20 calls, one a second, go through several of them.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --demo
for product in martlet ProtectedAPI StaySignedIn; do Scripts/build.sh --product "$product"; done

folder=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT

# start COMMAND…: starts a server and waits until it is ready; $address is then where it listens.
start() {
    local log=$folder/${1##*/}.log output line
    exec {output}< <(exec "$@" 2>"$log")
    servers+=("$!")
    while read -r line <&"$output"; do
        if [[ $line == 'ready: '* ]]; then
            address=${line#ready: }
            return
        fi
    done
    cat "$log" >&2
    return 1
}

data=$folder/data
password=$(head -c 18 /dev/urandom | base64)
.build/debug/martlet user add demo --password-stdin --data "$data" <<<"$password" >/dev/null

MARTLET_MANAGEMENT_LISTEN=127.0.0.1:0 MARTLET_ACCESS_LIFETIME=5s start .build/debug/martlet serve --data "$data" --listen localhost:0
authority=$address
echo "the authority: $authority, access tokens live for 5s"
start .build/debug/ProtectedAPI --issuer "$authority" --ca "$data/tls/ca.pem" --listen 127.0.0.1:0 --clock-skew 0
api=$address
echo "the API:       $api, which takes tokens of that authority and no others"
echo "GET $api/notes without a token → $(curl --silent --output /dev/null --write-out '%{http_code}' "$api/notes")"
echo "the app:"
.build/debug/StaySignedIn --server "$authority" --api "$api" --user demo --ca "$data/tls/ca.pem" \
    --store "$folder/session" --calls 20 <<<"$password" | tee "$folder/story"

renewals=$(grep -c 'renewed silently' "$folder/story" || true)
if ((renewals < 3)) || ! grep -q ' 0 failed$' "$folder/story"; then
    echo "error: $renewals renewals; there should be at least 3, and no failed call." >&2
    exit 1
fi
