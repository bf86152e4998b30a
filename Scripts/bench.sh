#!/usr/bin/env bash
# Measures release builds: signing and verifying beside the bare operations, and the server with its database.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh
for tool in wrk strip python3; do
    command -v "$tool" >/dev/null || {
        echo "error: the server's benchmark needs $tool: apt-get install wrk binutils python3" >&2
        exit 1
    }
done
swift run -c release --package-path Benchmarks --scratch-path .build-benchmarks JOSEBenchmark
Scripts/build.sh -c release --product martlet
exec python3 Benchmarks/Server/run.py "$@"
