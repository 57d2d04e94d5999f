#!/usr/bin/env bash
# run.sh ATELIER [PART...] : measures the given binary and its peers on this machine, in this run, and prints tables.
# Parts: `crates` (what the docker proxy's code reaches), `growth` (the embedded engine as its state grows), `scale` (commands as stacks grow), `embedded` and `functions` (a function in Python; both side by side with MiniStack, from PyPI, in a virtual environment under target/), `moto` (EC2 beside moto's server, from PyPI likewise), `clock` (a tick, and rules that wait), `dashboard` and `localstack`
# (side by side with the same image used by hand, where Docker answers and the image is here). Without a part: all that this machine can run.
set -euo pipefail
cd "$(dirname "$0")/.."
atelier=$(realpath "$1")
shift
ministack=$(scripts/venv.sh bench-venv ministack ministack==1.5.33 cbor2==5.9.0)
# moto's environment has an AWS CLI and a Python of its own, which are not meant.
PATH=$(dirname "$ministack"):$(dirname "$(scripts/aws-cli.sh)"):$PATH:$(dirname "$(scripts/moto.sh)")
exec cargo run --quiet --release --manifest-path benches/Cargo.toml --target-dir target/bench -- "$atelier" "$@"
