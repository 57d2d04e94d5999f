#!/bin/sh
# apt.sh COMMAND PACKAGE : installs a Debian package when its command is missing; as root, or with sudo.
set -eu
command -v "$1" >/dev/null 2>&1 && exit 0
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
$as_root apt-get update -qq
$as_root apt-get install -y -qq "$2" >/dev/null
