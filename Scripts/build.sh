#!/usr/bin/env bash
# Builds everything, or what the arguments name. All traits are on everywhere, so that .build serves every command.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh
exec swift build --enable-all-traits "$@"
