#!/usr/bin/env bash
# Runs the tests, with what they need; the arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --tests
swift build --build-tests --enable-all-traits
exec swift test --skip-build --enable-all-traits "$@"
