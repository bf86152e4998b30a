#!/usr/bin/env bash
# Runs the tests under ThreadSanitizer; the arguments go to `swift test`. A build of its own, beside .build.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --tests
scratch=.build-thread
build=(--sanitize=thread --scratch-path "$scratch" --enable-all-traits)
swift build --build-tests "${build[@]}"
# The servers that the tests start inherit these. Without halt_on_error a race is reported and the exit status is 0.
export TSAN_OPTIONS="halt_on_error=1 ${TSAN_OPTIONS-}"
if [[ $(uname) == Linux ]]; then
    clang -O1 -fPIC -shared -Wall -o "$scratch/mutex_order.so" Scripts/sanitize/mutex_order.c
    export LD_PRELOAD=$PWD/$scratch/mutex_order.so
fi
# One test after the other, since many have deadlines and everything is several times slower here.
exec swift test --skip-build "${build[@]}" --no-parallel "$@"
