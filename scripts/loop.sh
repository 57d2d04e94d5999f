#!/usr/bin/env bash
# Times the loop of whoever works on the emulator: one changed function in src/emulator, built, and its tests begun.
# usage: scripts/loop.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
file=src/emulator/timers.rs
kept=$(mktemp)
cp "$file" "$kept"
trap 'cp "$kept" "$file"; rm -f "$kept"' EXIT
cargo test --quiet --locked --test it -- emulator:: --list >/dev/null
for round in $(seq "${1:-3}"); do
  # Another function each time: what only a comment changes is not compiled anew as a whole.
  cp "$kept" "$file"
  printf '\n#[expect(dead_code, reason = "a change, to be built")]\nfn round_%s() -> usize {\n    %s\n}\n' "$round" "$round" >>"$file"
  start=$(date +%s.%N)
  cargo test --quiet --locked --test it -- emulator:: --list >/dev/null
  end=$(date +%s.%N)
  printf 'round %s: %.1f s\n' "$round" "$(echo "$end $start" | awk '{print $1 - $2}')"
done
