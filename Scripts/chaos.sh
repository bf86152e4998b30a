#!/usr/bin/env bash
# Renews on a real server while everything goes wrong (docs/chaos.md): 200,000 times by the rule, and then with the rule
# broken in each way that is known, which has to be noticed. With arguments, makes the one run that they ask for.
set -euo pipefail
cd "$(dirname "$0")/.."
for product in martlet ChaosClient; do Scripts/build.sh --product "$product"; done
if (($# > 0)); then exec python3 Chaos/chaos.py "$@"; fi
python3 Chaos/chaos.py
for broken in delivery compare-and-set durability late-window; do
    printf '\n==> with the rule broken: %s\n' "$broken"
    status=0
    output=$(python3 Chaos/chaos.py --late-window 4 --limit 300 --break "$broken") || status=$?
    grep '^BROKEN' <<<"$output" | head -3 || true
    # 1 is what a broken promise ends with; anything else is a run that did not take place.
    if ((status != 1)) || ! grep -q '^BROKEN' <<<"$output"; then
        printf '%s\nerror: a broken rule was not noticed: %s\n' "$output" "$broken" >&2
        exit 1
    fi
done
printf '\nEach broken rule was noticed.\n'
