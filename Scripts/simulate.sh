#!/usr/bin/env bash
# Simulates months of renewals under Martlet's rotation rule and under those of others, and writes the tables and the
# chart into docs/. Fails where Martlet's rule ends an honest session or lets a thief go on. Takes about a minute, once
# built. With arguments it only prints: see Scripts/simulate.sh --help.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/build.sh -c release --product RotationSimulation
if (($# == 0)); then set -- --docs docs; fi
exec .build/release/RotationSimulation "$@"
