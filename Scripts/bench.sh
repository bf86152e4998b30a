#!/usr/bin/env bash
# Measures release builds: signing and verifying beside the bare operations, and the server with its database beside
# other servers. The arguments go to run.py: `--only renewals latency` measures these alone. docs/performance.md
# explains the figures.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --bench
if (($# == 0)); then
    run=(swift run -c release --package-path Benchmarks --scratch-path .build-benchmarks)
    "${run[@]}" JOSEBenchmark
    "${run[@]}" VerifierBenchmark "$PWD/.venv-bench/bin/python"
fi
for product in martlet RenewalBenchmark RevocationBenchmark; do Scripts/build.sh -c release --product "$product"; done
exec python3 Benchmarks/Server/run.py "$@"
