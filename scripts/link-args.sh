#!/usr/bin/env bash
# link-args.sh HOST : prints what the release binary's linker is told, as items of a TOML array.
#
# Each argument saves memory and is left out where a small program that is linked with it does not run: relocations in
# their packed form need glibc 2.36 (they are 0.8 MB otherwise), and the order of functions a linker that reads scripts.
set -euo pipefail
cd "$(dirname "$0")/.."
host=$1
probe=target/link-probe
mkdir -p "$probe/src"
printf '[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' >"$probe/Cargo.toml"
printf 'fn main() { println!("{:?}", std::env::args().next()); }\n' >"$probe/src/main.rs"

# Builds the probe as atelier is built, with an argument, and runs it.
works() {
  cargo build --quiet --release --offline --manifest-path "$probe/Cargo.toml" --target-dir "$probe" \
    --config "target.$host.rustflags=[\"$1\"]" >/dev/null 2>&1 && "$probe/$host/release/probe" >/dev/null 2>&1
}

items=
for argument in -Clink-arg=-Wl,-z,pack-relative-relocs "-Clink-arg=-Wl,-T,$PWD/link/order.ld"; do
  if works "$argument"; then items+=",\"$argument\""; fi
done
printf '%s' "$items"
