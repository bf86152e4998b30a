#!/usr/bin/env bash
# Writes the pages that are made from the code.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh
UPDATE_DOCS=1 swift test --enable-all-traits --filter ConfigurationReferenceTests
