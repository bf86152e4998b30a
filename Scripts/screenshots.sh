#!/usr/bin/env bash
# Makes the pictures of the pages in docs/images: starts a server on a folder that is thrown away, plays a fortnight of a
# small company on it with a clock that is told the time, and looks at it with a real browser. With a folder and --all,
# pictures of every page go there, wide and on a phone, in light and dark: for who works on the pages.
set -euo pipefail
cd "$(dirname "$0")/.."
Scripts/install.sh --screenshots
Scripts/build.sh --product martlet
if (($# == 0)); then set -- docs/images; fi
exec .venv/bin/python Tests/BrowserTests/screenshots.py .build/debug/martlet "$@"
