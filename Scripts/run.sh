#!/usr/bin/env bash
# Starts the server; the arguments go to `martlet serve`. It is the debug build, which the tests use too, so nothing is
# built twice; what takes the server's time (signatures, password hashes, SQLite) is C and assembly, optimized all the
# same. For production, build with `Scripts/build.sh -c release --product martlet`.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/build.sh --product martlet
# exec, so that signals reach the server and its exit status is ours.
exec .build/debug/martlet serve "$@"
