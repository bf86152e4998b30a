#!/usr/bin/env bash
# Runs the tests, with what they need; the arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --tests
swift build --build-tests --enable-all-traits
if (($# > 0)); then exec swift test --skip-build --enable-all-traits "$@"; fi
swift test --skip-build --enable-all-traits --skip IntegrationTests
# By themselves and one after the other, in two processes: swift-corelibs' Process.run() was seen to crash beside all other
# tests, and after very many of its kind.
swift test --skip-build --enable-all-traits --no-parallel --filter 'IntegrationTests\.Command'
exec swift test --skip-build --enable-all-traits --no-parallel --filter IntegrationTests --skip 'IntegrationTests\.Command'
