#!/usr/bin/env bash
# venv.sh FOLDER PROGRAM PACKAGE==VERSION… : prints the path of a program in a virtual environment below target/, which is
# made when it is not there and brought to these packages when it has others.
set -euo pipefail
folder=$1 program=$2
shift 2
cd "$(dirname "$0")/.."
venv=$PWD/target/$folder
if [ ! -x "$venv/bin/python" ] && ! python3 -m venv "$venv" >&2; then
  echo "python3 with venv is needed for $program: apt-get install python3-venv" >&2
  exit 1
fi
# Written when all of them are there: pip is slow also where it has nothing to do.
if [ "$(cat "$venv/packages" 2>/dev/null)" != "$*" ]; then
  "$venv/bin/python" -m pip install --quiet "$@" >&2
  echo "$*" >"$venv/packages"
fi
echo "$venv/bin/$program"
