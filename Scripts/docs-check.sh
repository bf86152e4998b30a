#!/usr/bin/env bash
# Holds the pages that are made from the code against it, and looks for links in our pages that lead nowhere.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/check-links.py
Scripts/install.sh
swift test --enable-all-traits --filter ConfigurationReferenceTests
