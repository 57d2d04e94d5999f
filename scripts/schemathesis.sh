#!/usr/bin/env bash
# Prints the path of schemathesis, which checks an API against its own OpenAPI document: one in target/.
set -euo pipefail
exec "$(dirname "$0")/venv.sh" schemathesis st schemathesis==4.32.5
