#!/usr/bin/env bash
# terraform.sh [--together | --example BINARY] [STACK…] : the stacks of tests/terraform, each by itself or all in one
# configuration, or the example, against an embedded engine on a free port: applied, planned empty, changed in place, planned
# empty, destroyed. The binary is the one that ATELIER names, else the debug build.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/need.sh terraform python3
providers=$(scripts/terraform-providers.sh)
python=$(scripts/botocore.sh)
atelier=${ATELIER:-$PWD/target/$(rustc -vV | sed -n 's/^host: //p')/debug/atelier}
folder=$(mktemp -d)
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$folder"
run() { env -i HOME="$folder" PATH="$PATH" "$atelier" --engine embedded --port "$port" "$@"; }
end() {
  cd "$folder" && run down >/dev/null 2>&1 || true
  cd / && rm -rf "$folder"
}
trap end EXIT
run up --yes >/dev/null
eval "$(run env)"
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION
cd "$OLDPWD"
"$python" -B tests/terraform/run.py --providers "$providers" "$@"
