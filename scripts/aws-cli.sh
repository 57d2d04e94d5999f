#!/usr/bin/env bash
# Prints the path of an AWS CLI: the one on the PATH, else one that it installs into target/aws-cli.
set -euo pipefail
if found=$(command -v aws); then echo "$found"; exit; fi
exec "$(dirname "$0")/venv.sh" aws-cli aws awscli==1.45.11
