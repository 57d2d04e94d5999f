#!/usr/bin/env bash
# Prints the path of a Python that has Pulumi and its types of AWS, in target/. Programs run in it under mocks, so neither
# Pulumi's own command nor an account is needed.
set -euo pipefail
exec "$(dirname "$0")/venv.sh" pulumi python pulumi==3.272.0 pulumi-aws==7.51.1
