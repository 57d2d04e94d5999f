#!/bin/sh
# Installs atelier from a release: curl -fsSL https://github.com/OWNER/atelier/releases/latest/download/install.sh | sh
#
#   install.sh [--version v0.1.0] [--to DIR]
#
# Finds this machine's archive, verifies its checksum, puts `atelier` into ~/.local/bin (--to, or ATELIER_INSTALL_DIR) and
# completions and manual pages beside it, below share/. No root; no shell's profile is touched. Twice is as good as once.
# Whoever publishes releases elsewhere names the place in ATELIER_RELEASES.
set -eu

# The release workflow writes the repository here.
releases=https://github.com/OWNER/atelier/releases

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $1"
  shift
  for hint in "$@"; do say "  hint: $hint"; done
  exit 1
}

# The release's name of this machine.
target() {
  system=$(uname -s) machine=$(uname -m)
  case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "there is no release for $machine" "build it: git clone the repository, then make build" ;;
  esac
  case $system in
    Linux) echo "$machine-unknown-linux-gnu" ;;
    *) fail "there is no release for $system" \
      "run it in a container: docker run --rm -it -v \"\$PWD:/work\" -w /work ghcr.io/OWNER/atelier" \
      "or build it: git clone the repository, then make build" ;;
  esac
}

# fetch URL FILE
fetch() {
  # Plain HTTP only from this machine itself.
  case $1 in
    https://* | http://127.0.0.1:* | http://localhost:*) ;;
    *) fail "$1 is not an https URL" "unset ATELIER_RELEASES" ;;
  esac
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --connect-timeout 10 --max-time 300 --retry 2 --output "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget --quiet --timeout=30 --tries=3 --output-document="$2" "$1"
  else
    fail "neither curl nor wget is here" "install one of them with your system's package manager"
  fi
}

# Prints the SHA-256 of a file.
sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  else
    fail "nothing here computes a SHA-256, so the download cannot be verified" "install coreutils"
  fi
}

main() {
  version=${ATELIER_VERSION:-latest}
  to=${ATELIER_INSTALL_DIR:-}
  while [ $# -gt 0 ]; do
    case $1 in
      --version | --to)
        [ $# -ge 2 ] || fail "$1 wants a value"
        if [ "$1" = --version ]; then version=$2; else to=$2; fi
        shift 2
        ;;
      --version=*) version=${1#*=} && shift ;;
      --to=*) to=${1#*=} && shift ;;
      -h | --help)
        say "install.sh [--version v0.1.0] [--to DIR]"
        exit 0
        ;;
      *) fail "unknown argument $1" "install.sh [--version v0.1.0] [--to DIR]" ;;
    esac
  done
  [ -n "$to" ] || to=${HOME:?is not set; name the folder with --to}/.local/bin
  releases=${ATELIER_RELEASES:-$releases}
  case $version in
    latest) from=$releases/latest/download ;;
    v[0-9]*) from=$releases/download/$version ;;
    [0-9]*) from=$releases/download/v$version ;;
    *) fail "$version is not a version" "write it as in v0.1.0, or leave it away for the newest" ;;
  esac
  archive=atelier-$(target).tar.gz

  # Beside where it goes, so that the last step is a rename.
  mkdir -p "$to" 2>/dev/null || fail "cannot make the folder $to" "name another one with --to"
  work=$(mktemp -d "$to/.atelier.XXXXXX" 2>/dev/null) || fail "cannot write in $to" "name another folder with --to"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  say "downloading $archive ($version)"
  fetch "$from/$archive" "$work/$archive" || fail "cannot download $from/$archive" \
    "is that version published, and does this machine reach it?"
  fetch "$from/$archive.sha256" "$work/sum" || fail "cannot download $from/$archive.sha256" \
    "without its checksum the archive is not installed"
  wanted=$(cut -d ' ' -f 1 "$work/sum")
  found=$(sha256 "$work/$archive")
  [ "$wanted" = "$found" ] || fail "the checksum of $archive is wrong: nothing was installed" \
    "wanted $wanted" "found  $found"

  mkdir "$work/content"
  tar -xzf "$work/$archive" -C "$work/content" || fail "cannot unpack $archive"
  set -- "$work"/content/atelier-*/
  content=${1%/}
  [ -f "$content/atelier" ] || fail "$archive holds no atelier"
  told=$("$content/atelier" --version 2>/dev/null) || fail "the atelier of $archive does not run on this machine" \
    "build it: git clone the repository, then make build"
  chmod 755 "$content/atelier"
  mv -f "$content/atelier" "$to/atelier"
  # Completions and manual pages have their places only beside a folder of programs.
  if [ "$(basename "$to")" = bin ] && [ -d "$content/share" ]; then
    share=$(dirname "$to")/share
    (cd "$content/share" && find . -type f) | while read -r file; do
      mkdir -p "$share/$(dirname "$file")" && cp "$content/share/$file" "$share/$file"
    done || say "warning: completions and manual pages could not be put below $share"
  fi
  say "installed $told in $to"
  case :$PATH: in
    *":$to:"*) ;;
    *) say "it is not on the PATH yet: export PATH=\"$to:\$PATH\"" ;;
  esac
  say "next: atelier up && atelier deploy && atelier test"
}

# Only now, so that a download that breaks off runs nothing.
main "$@"
