#!/usr/bin/env bash
# Builds every fuzz target and runs each for SECONDS (60 unless told). Exits with a failure on a finding; the input
# that did it is left in Fuzz/Findings. Names after the time run those targets only:
#   Fuzz/run.sh [SECONDS [TARGET...]]
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true

# The flags go to every module, so that libFuzzer sees the branches of the code under test, and AddressSanitizer its
# memory. Of several -sanitize the Swift compiler takes the last one only, so both are said in one after those of
# `swift build`. Release, since debug builds get through few inputs; the checks in the targets are no asserts.
build=(swift build -c release --sanitize address --sanitize fuzzer -Xswiftc -sanitize=address,fuzzer)
# It keeps its sanitizers in a set: in another order, all would be built anew.
export SWIFT_DETERMINISTIC_HASHING=1
"${build[@]}"
binaries=$("${build[@]}" --show-bin-path)

if [ $# -gt 0 ]; then targets=("$@"); else targets=($(cd Sources && ls -d Fuzz* | grep -v FuzzSupport)); fi
mkdir -p Findings
for target in "${targets[@]}"; do
    mkdir -p "Corpus/$target" ".build/corpus/$target"
    echo "== $target, $seconds s"
    # What is learnt goes to the first folder, the seeds are only read. Leaks are not looked for, since BoringSSL and the
    # Swift runtime keep some memory for ever, and Swift's own backtraces get in the way of libFuzzer's.
    ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no \
        "$binaries/$target" -max_total_time="$seconds" -max_len=4096 -timeout=5 \
        -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -artifact_prefix="Findings/$target-" \
        ".build/corpus/$target" "Corpus/$target"
done
