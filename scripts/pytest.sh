#!/usr/bin/env bash
# Prints the path of a Python that has pytest and boto3: the one on the PATH, else one in target/.
set -euo pipefail
if python3 -c 'import boto3, pytest' 2>/dev/null; then command -v python3; exit; fi
exec "$(dirname "$0")/venv.sh" pytest python pytest==8.4.2 boto3==1.40.40
