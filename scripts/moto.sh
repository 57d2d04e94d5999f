#!/usr/bin/env bash
# Prints the path of a Python that has moto's server and botocore, in target/: never the one on the PATH, since what
# tests/models/moto_differences.py says is true of this version.
set -euo pipefail
# botocore is the version of scripts/botocore.sh.
exec "$(dirname "$0")/venv.sh" moto python 'moto[server]==5.2.1' botocore==1.43.11
