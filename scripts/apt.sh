#!/bin/sh
# apt.sh COMMAND PACKAGE... : installs Debian packages when a command is missing (`-`: in any case); as root, or with sudo.
# A machine that is just being set up has another apt at work: it is waited for, five minutes at most.
set -eu
[ "$1" = - ] || ! command -v "$1" >/dev/null 2>&1 || exit 0
shift
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
$as_root apt-get -o DPkg::Lock::Timeout=300 update -qq >/dev/null
$as_root apt-get -o DPkg::Lock::Timeout=300 install -y -qq "$@" >/dev/null
