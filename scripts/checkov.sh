#!/usr/bin/env bash
# Prints the path of `checkov`: the one on the PATH, else one in target/.
#   "$(scripts/checkov.sh)" -d FOLDER --skip-download     # of `atelier export`; finds nothing
set -euo pipefail
if found=$(command -v checkov); then echo "$found"; exit; fi
exec "$(dirname "$0")/venv.sh" checkov checkov checkov==3.3.30
