#!/bin/sh
# assert-static.sh FILE : fails when FILE asks for an ELF interpreter, that is, for the libc of the machine it runs on.
# RUSTFLAGS in the environment replaces the flags of .cargo/config.toml and silently gives such a binary.
if readelf -lW "$1" | grep -q 'INTERP'; then
  echo "$1 is dynamically linked: unset RUSTFLAGS and build again" >&2
  exit 1
fi
echo "$1 is static"
