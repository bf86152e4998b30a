#!/usr/bin/env bash
# Shows a whole life: sign in, call a protected API while access tokens of five seconds expire, renew, sign out.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${MARTLET_BIN:-$(swift build --enable-all-traits --show-bin-path)}
folder=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap finish EXIT

# Waits for a program's ready line and prints the address that it names.
address_of() {
    local line
    while IFS= read -r line; do
        if [[ $line == ready:* ]]; then echo "${line#ready: }"; return; fi
    done
    echo "the program ended before it was ready" >&2
    return 1
}

echo "1. An account, on a new data folder"
password="correct horse battery staple"
echo "$password" | "$bin/martlet" user add alice --password-stdin --data "$folder/data"

echo "2. The authority, with access tokens that live 5 seconds"
mkfifo "$folder/authority" "$folder/api"
MARTLET_ACCESS_LIFETIME=5s MARTLET_LOG_LEVEL=warning \
    "$bin/martlet" serve --data "$folder/data" --listen localhost:0 >"$folder/authority" &
pids+=($!)
exec {authority}<"$folder/authority"
server=$(address_of <&$authority)
echo "  $server"

echo "3. A protected API, which has the authority's keys and nothing else of it"
"$bin/ProtectedAPI" --issuer "$server" --ca "$folder/data/tls/ca.pem" --clock-skew 0 --listen 127.0.0.1:0 >"$folder/api" &
pids+=($!)
exec {api_output}<"$folder/api"
api=$(address_of <&$api_output)
echo "  $api"

echo "4. An app that signs in once and calls the API every second"
echo "$password" | "$bin/StaySignedIn" --server "$server" --api "$api" --user alice \
    --ca "$folder/data/tls/ca.pem" --store "$folder/session.json" --calls "${CALLS:-20}" | tee "$folder/story"

renewals=$(grep -c "renewed silently" "$folder/story" || true)
echo "5. $renewals silent renewals"
grep -q " 0 failed" "$folder/story" || { echo "a call failed" >&2; exit 1; }
((renewals >= 3)) || { echo "fewer than 3 renewals" >&2; exit 1; }
