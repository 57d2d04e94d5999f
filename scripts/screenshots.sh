#!/usr/bin/env bash
# screenshots.sh FOLDER : takes a picture of every view of the dashboard, light, dark and narrow, with a real browser.
set -euo pipefail
folder=$(mkdir -p "${1:?usage: screenshots.sh FOLDER}" && cd "$1" && pwd)
cd "$(dirname "$0")/.."
ATELIER_CHROMEDRIVER=$(scripts/chromedriver.sh) ATELIER_SCREENSHOTS=$folder \
  cargo test --locked --lib --bins --test it dashboard::browser::pictures
