#!/usr/bin/env bash
# Prints the path of a Python that has botocore, with AWS's public models: the one on the PATH, else one in target/.
set -euo pipefail
cd "$(dirname "$0")/.."
if python3 -c 'import botocore' 2>/dev/null; then python3 -c 'import sys; print(sys.executable)'; exit; fi
venv=$PWD/target/botocore
if [ ! -x "$venv/bin/python" ]; then
  if ! python3 -m venv "$venv" >&2; then
    echo "python3 with venv is needed for botocore: apt-get install python3-venv" >&2
    exit 1
  fi
fi
# The version that awscli 1.45.11 of scripts/aws-cli.sh has.
"$venv/bin/pip" install --quiet botocore==1.43.11 >&2
echo "$venv/bin/python"
