#!/usr/bin/env bash
# Runs the tests, with what they need; the arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --tests
swift build --build-tests --enable-all-traits
if (($# > 0)); then exec swift test --skip-build --enable-all-traits "$@"; fi
# A few at a time: with all at once, each waits so long for its turn that deadlines of real time pass.
SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8 swift test --skip-build --enable-all-traits --skip IntegrationTests
# By themselves and one after the other: they run servers and commands, and some of them measure time.
swift test --skip-build --enable-all-traits --no-parallel --filter IntegrationTests
