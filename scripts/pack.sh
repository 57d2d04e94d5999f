#!/usr/bin/env bash
# pack.sh BINARY TARGET DIST : makes a release's archive, `atelier-TARGET.tar.gz`, with its checksum beside it: the binary, its
# completions and manual pages in the places where shells and `man` look, and the licences. Equal inputs give an equal file.
set -euo pipefail
binary=$(realpath "$1") target=$2
mkdir -p "$3"
dist=$(realpath "$3")
cd "$(dirname "$0")/.."
version=$("$binary" version --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["version"])')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=atelier-v$version-$target
folder=$work/$name
install -D -m 755 "$binary" "$folder/atelier"
install -m 644 LICENSE-MIT LICENSE-APACHE README.md CHANGELOG.md "$folder"

share=$folder/share
mkdir -p "$share"/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d,man/man1}
# Completions ask the program that is on the PATH, so this text is the same on every machine.
run() { env -i HOME="$work" PATH="$folder" LANG=C "$folder/atelier" "$@"; }
run completions bash >"$share/bash-completion/completions/atelier"
run completions zsh >"$share/zsh/site-functions/_atelier"
run completions fish >"$share/fish/vendor_completions.d/atelier.fish"
run man >"$share/man/man1/atelier.1"
verbs=$(run man --json | python3 -c '
import json, re, sys
roff = json.load(sys.stdin)["data"]["roff"].replace("\\-", "-")
print(*sorted(set(re.findall(r"^atelier-([a-z-]+)\(1\)", roff, re.M))), sep="\n")')
for verb in $verbs; do
  run man "$verb" >"$share/man/man1/atelier-$verb.1"
done

find "$folder" -type d -exec chmod 755 {} +
find "$folder/share" -type f -exec chmod 644 {} +
archive=atelier-$target.tar.gz
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=gnu -C "$work" -cf - "$name" |
  gzip -9 -n >"$dist/$archive"
(cd "$dist" && sha256sum "$archive" >"$archive.sha256")
echo "$dist/$archive"
