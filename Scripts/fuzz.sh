#!/usr/bin/env bash
# Runs each fuzz target of the package Fuzz under libFuzzer and AddressSanitizer, FUZZ_SECONDS (60) each. What it has
# learnt is kept in .build-fuzz/corpus; an input that crashed is written there too, and its path printed.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh
# gold fails on libFuzzer's debug information.
swift build --package-path Fuzz --scratch-path .build-fuzz -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld
# At a crash, Swift's backtracer would wait for a person's answer.
export SWIFT_BACKTRACE=interactive=no
for folder in Fuzz/Sources/*/; do
    target=$(basename "$folder")
    [[ -f $folder/main.swift ]] || continue
    mkdir -p ".build-fuzz/corpus/$target"
    echo "==> $target, ${FUZZ_SECONDS:-60} s"
    .build-fuzz/debug/"$target" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=5 -print_final_stats=1 \
        -artifact_prefix=".build-fuzz/corpus/$target-" ".build-fuzz/corpus/$target" </dev/null
done
