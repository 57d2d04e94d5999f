#!/usr/bin/env bash
# Prints the path of an AWS CLI: the one on the PATH, else one that it installs into target/aws-cli.
set -euo pipefail
cd "$(dirname "$0")/.."
if found=$(command -v aws); then echo "$found"; exit; fi
venv=$PWD/target/aws-cli
if [ ! -x "$venv/bin/aws" ]; then
  if ! python3 -m venv "$venv" >&2; then
    echo "python3 with venv is needed for the AWS CLI: apt-get install python3-venv" >&2
    exit 1
  fi
  "$venv/bin/pip" install --quiet awscli==1.45.11 >&2
fi
echo "$venv/bin/aws"
