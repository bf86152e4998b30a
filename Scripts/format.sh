#!/usr/bin/env bash
# Formats every Swift file in place.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t swift_files < <(git ls-files --cached --others --exclude-standard -- '*.swift')
swift format format --in-place --parallel "${swift_files[@]}"
