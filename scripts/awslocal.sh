#!/usr/bin/env bash
# Prints the path of `awslocal`, the AWS CLI as scripts for LocalStack call it: the one on the PATH, else one in target/.
set -euo pipefail
if found=$(command -v awslocal); then echo "$found"; exit; fi
# The AWS CLI is the version of scripts/aws-cli.sh.
exec "$(dirname "$0")/venv.sh" awslocal awslocal awscli-local==0.23.0 awscli==1.45.11
