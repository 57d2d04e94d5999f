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

# Whether a plain URL is of this machine itself: `http://127.0.0.1:80@elsewhere/` is not.
is_local() {
  place=${1#http://}
  place=${place%%/*}
  case $place in
    127.0.0.1:*[!0-9]* | localhost:*[!0-9]*) return 1 ;;
    127.0.0.1:[0-9]* | localhost:[0-9]*) return 0 ;;
    *) return 1 ;;
  esac
}

# fetch URL FILE
fetch() {
  # Plain HTTP only from this machine itself, and no redirect to it.
  case $1 in
    https://*) ;;
    http://*) is_local "$1" || fail "$1 is not an https URL" "unset ATELIER_RELEASES" ;;
    *) fail "$1 is not an https URL" "unset ATELIER_RELEASES" ;;
  esac
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --proto-redir =https --connect-timeout 10 --max-time 300 --retry 2 \
      --output "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    # BusyBox's knows no limits in some builds, and in some takes any certificate for right, which it says.
    limits=
    if wget --version >/dev/null 2>&1; then limits="--timeout=30 --tries=3"; fi
    # shellcheck disable=SC2086
    told=$(wget -q $limits -O "$2" "$1" 2>&1) || { say "$told"; return 1; }
    case $told in
      *"certificate validation not implemented"*)
        fail "this wget does not verify from whom it downloads: nothing was installed" "install curl"
        ;;
    esac
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
  case $to in
    /*) ;;
    *) to=$PWD/$to ;;
  esac
  [ "$to" = / ] || to=${to%/}
  releases=${ATELIER_RELEASES:-$releases}
  releases=${releases%/}
  case $releases in
    # The name that stands in the sources, in a pattern that a release does not fill in.
    */OWNE[R]/*)
      fail "this copy of the script does not say whose releases to install" \
        "ATELIER_RELEASES=https://github.com/SOMEBODY/atelier/releases, or take the script from a release"
      ;;
  esac
  from=
  case $version in
    # In a URL, a slash would lead to another repository.
    *[!0-9A-Za-z.+-]*) ;;
    latest) from=$releases/latest/download ;;
    v[0-9]*) from=$releases/download/$version ;;
    [0-9]*) from=$releases/download/v$version ;;
  esac
  [ -n "$from" ] || fail "$version is not a version" "write it as in v0.1.0, or leave it away for the newest"
  archive=atelier-$(target).tar.gz

  [ ! -d "$to/atelier" ] || fail "$to/atelier is a folder" "name another folder with --to"
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
    { mkdir -p "$share" && cp -R "$content/share/." "$share/"; } 2>/dev/null ||
      say "warning: completions and manual pages could not be put below $share"
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
