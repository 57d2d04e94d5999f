#!/usr/bin/env bash
# Prints the path of `chalice`, which deploys small APIs in Python: the one on the PATH, else one in target/.
set -euo pipefail
if found=$(command -v chalice); then echo "$found"; exit; fi
exec "$(dirname "$0")/venv.sh" chalice chalice chalice==1.34.0
