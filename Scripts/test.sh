#!/usr/bin/env bash
# Runs the tests, with what they need; the arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --tests
swift build --build-tests --enable-all-traits
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# What failed is told again at the end: a log of thousands of lines is read from there, and may be cut.
run() {
    swift test --skip-build --enable-all-traits "$@" 2>&1 | tee "$log" && return
    printf '\n==> what failed\n'
    awk '/^✘ Test /{ told = 1 } /^(◇|✔|━|✘ Suite) /{ told = 0 } told || /unexpected signal|Fatal error/' "$log" | cut -c 1-2000
    exit 1
}

if (($# > 0)); then
    run "$@"
    exit
fi
# A few at a time: with all at once, each waits so long for its turn that deadlines of real time pass.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=8
run --skip IntegrationTests
# By themselves and one after the other: they run servers and commands, and some of them measure time.
run --no-parallel --filter IntegrationTests
