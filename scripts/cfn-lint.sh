#!/usr/bin/env bash
# Prints the path of `cfn-lint`, which knows what CloudFormation takes: the one on the PATH, else one in target/.
set -euo pipefail
if found=$(command -v cfn-lint); then echo "$found"; exit; fi
exec "$(dirname "$0")/venv.sh" cfn-lint cfn-lint cfn-lint==1.58.0
