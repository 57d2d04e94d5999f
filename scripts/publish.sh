#!/usr/bin/env bash
# publish.sh REPOSITORY TAG : writes who publishes (`somebody/atelier`) where the sources say `OWNER/atelier`, and refuses a tag
# that is not this version's. The release workflow runs it before it builds; the sources themselves name nobody.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$1 tag=$2
[[ $repository =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || { echo "error: $repository is not a repository's name" >&2; exit 2; }
version=v$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
[ "$tag" = "$version" ] || { echo "error: the tag is $tag and Cargo.toml says $version" >&2; exit 1; }
sed -i "s#OWNER/atelier#$repository#g" Cargo.toml install.sh flake.nix packaging/homebrew/atelier.rb README.md README.fr.md \
    examples/compose.yaml examples/github-actions/test.yml
