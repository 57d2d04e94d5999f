#!/usr/bin/env bash
# Prints the path of `chalice`, which deploys small APIs in Python: the one on the PATH, else one in target/.
set -euo pipefail
cd "$(dirname "$0")/.."
if found=$(command -v chalice); then echo "$found"; exit; fi
venv=$PWD/target/chalice
if [ ! -x "$venv/bin/chalice" ]; then
  if ! python3 -m venv "$venv" >&2; then
    echo "python3 with venv is needed for chalice: apt-get install python3-venv" >&2
    exit 1
  fi
fi
"$venv/bin/pip" install --quiet chalice==1.34.0 >&2
echo "$venv/bin/chalice"
