#!/usr/bin/env bash
# Checks what a reviewer should not have to look at.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t swift_files < <(git ls-files --cached --others --exclude-standard -- '*.swift')
swift format lint --strict --parallel "${swift_files[@]}"
