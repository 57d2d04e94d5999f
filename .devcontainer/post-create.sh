#!/usr/bin/env bash
# Makes the new container ready for `atelier up`: the released binary of the newest tag, its checksum verified, and completion.
# Only where there is no release, and the machine can, the binary is built; that takes eleven minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.bin
mkdir -p "$bin"

memory_gib() { awk '/^MemTotal:/ { printf "%d", $2 / 1024 / 1024 + 0.5 }' /proc/meminfo; }

if scripts/released.sh "$bin" newest; then
  :
elif ! command -v cargo >/dev/null; then
  echo "there is no release for this clone, and no Rust here to build it with: add the feature ghcr.io/devcontainers/features/rust:1 to .devcontainer/devcontainer.json" >&2
  exit 1
elif [ "$(memory_gib)" -lt 8 ]; then
  echo "there is no release for this clone, and building takes 8 GB of memory; this machine has $(memory_gib)" >&2
  exit 1
else
  echo "there is no release for this clone: building, which takes about eleven minutes on two cores" >&2
  scripts/apt.sh cc build-essential
  make build
  ln -sf "$PWD/target/$(rustc -vV | sed -n 's/^host: //p')/release/atelier" "$bin/atelier"
fi
line='source <(atelier completions bash)'
grep -qxF "$line" ~/.bashrc 2>/dev/null || echo "$line" >>~/.bashrc
echo "ready: atelier up && atelier deploy && atelier test"
