#!/usr/bin/env bash
# Prints the path of `chromedriver`, which the dashboard's tests drive Chromium with; both are Debian packages.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/apt.sh chromium chromium >&2
scripts/apt.sh chromedriver chromium-driver >&2
command -v chromedriver
