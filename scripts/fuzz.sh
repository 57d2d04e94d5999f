#!/usr/bin/env bash
# fuzz.sh [SECONDS [TARGET...]] : fuzzes every target, or the given ones, for so long each (60 s), from the kept corpus.
# Needs the nightly toolchain and cargo-fuzz. A crash is written to fuzz/artifacts/ and ends the run; what is new and
# worth keeping goes into fuzz/corpus/ with `cargo +nightly fuzz cmin TARGET`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/need.sh cargo cc
seconds=${1:-60}
shift || true
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
  echo "fuzz.sh: \`rustup toolchain install nightly\` and \`cargo install cargo-fuzz\` first" >&2
  exit 4
fi
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)
for target; do
  echo "== $target"
  # What is found goes to a folder that is not kept; the corpus is read only.
  found=fuzz/target/found/$target
  mkdir -p "$found"
  cargo +nightly fuzz run "$target" "$found" "fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=5 -max_len=16384 -print_final_stats=1
done
