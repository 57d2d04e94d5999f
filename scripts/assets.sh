#!/usr/bin/env bash
# assets.sh DIST REPOSITORY TAG : what a release has besides its archives, made from those in DIST: the install script, the
# Homebrew formula with their checksums, and the folder that the OCI image is built from.
set -euo pipefail
cd "$(dirname "$0")/.."
dist=$1 repository=$2 tag=$3
sum() { cut -d ' ' -f 1 "$dist/atelier-$1-unknown-linux-gnu.tar.gz.sha256"; }
x86_64=$(sum x86_64)
aarch64=$(sum aarch64)
sed -e "s#OWNER/atelier#$repository#g" -e "s/@VERSION@/${tag#v}/" -e "s/@X86_64@/$x86_64/" -e "s/@AARCH64@/$aarch64/" \
  packaging/homebrew/atelier.rb >"$dist/atelier.rb"
sed "s#OWNER/atelier#$repository#g" install.sh >"$dist/install.sh"
chmod +x "$dist/install.sh"
# By the names that BuildKit gives the platforms.
for pair in amd64:x86_64 arm64:aarch64; do
  mkdir -p "$dist/image/${pair%:*}"
  tar -xzf "$dist/atelier-${pair#*:}-unknown-linux-gnu.tar.gz" -C "$dist/image/${pair%:*}" --strip-components 1
done
