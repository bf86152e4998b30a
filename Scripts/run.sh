#!/usr/bin/env bash
# Starts the server; the arguments go to `martlet serve`. A debug build: it is ready in half the time of a release
# build, the tests use it too, and what takes the server's time (signatures, password hashes, SQLite) is C and
# assembly that is optimized all the same.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/build.sh --product martlet
# exec, so that signals reach the server and its exit status is ours.
exec .build/debug/martlet serve "$@"
