#!/usr/bin/env bash
# Prints the path of schemathesis, which checks an API against its own OpenAPI document: one in a virtual environment of
# its own under target/.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$PWD/target/schemathesis
if [ ! -x "$venv/bin/st" ]; then
  if ! python3 -m venv "$venv" >&2; then
    echo "python3 with venv is needed for schemathesis: apt-get install python3-venv" >&2
    exit 1
  fi
  "$venv/bin/pip" install --quiet schemathesis==4.32.5 >&2
fi
echo "$venv/bin/st"
