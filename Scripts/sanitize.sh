#!/usr/bin/env bash
# Runs the tests under ThreadSanitizer; the arguments go to `swift test`. A build of its own, beside .build.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --tests
# Without halt_on_error a race is reported and the exit status is 0.
export TSAN_OPTIONS="halt_on_error=1 ${TSAN_OPTIONS-}"
exec swift test --sanitize=thread --scratch-path .build-thread --enable-all-traits "$@"
