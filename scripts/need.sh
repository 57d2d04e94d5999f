#!/bin/sh
# need.sh COMMAND... : names what is missing and how to get it, before a build fails half-way with a riddle.
missing=0
for command in "$@"; do
  command -v "$command" >/dev/null 2>&1 && continue
  missing=1
  case $command in
    cargo) echo "cargo is missing: install Rust with rustup (https://rustup.rs)" >&2 ;;
    cc) echo "a C compiler is missing: apt-get install gcc libc6-dev (Debian, Ubuntu), xcode-select --install (macOS)" >&2 ;;
    *) echo "$command is missing" >&2 ;;
  esac
done
exit $missing
