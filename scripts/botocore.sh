#!/usr/bin/env bash
# Prints the path of a Python that has botocore, with AWS's public models: the one on the PATH, else one in target/.
set -euo pipefail
if python3 -c 'import botocore' 2>/dev/null; then python3 -c 'import sys; print(sys.executable)'; exit; fi
# The version that awscli 1.45.11 of scripts/aws-cli.sh has.
exec "$(dirname "$0")/venv.sh" botocore python botocore==1.43.11
