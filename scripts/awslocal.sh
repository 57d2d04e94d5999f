#!/usr/bin/env bash
# Prints the path of `awslocal`, the AWS CLI as scripts for LocalStack call it: the one on the PATH, else one in target/.
set -euo pipefail
cd "$(dirname "$0")/.."
if found=$(command -v awslocal); then echo "$found"; exit; fi
venv=$PWD/target/awslocal
if [ ! -x "$venv/bin/awslocal" ]; then
  if ! python3 -m venv "$venv" >&2; then
    echo "python3 with venv is needed for awslocal: apt-get install python3-venv" >&2
    exit 1
  fi
fi
# The AWS CLI is the version of scripts/aws-cli.sh.
"$venv/bin/pip" install --quiet awscli-local==0.23.0 awscli==1.45.11 >&2
echo "$venv/bin/awslocal"
