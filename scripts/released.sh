#!/usr/bin/env bash
# released.sh DIR [newest] : puts the released binary of this very commit into DIR or, with `newest`, that of the newest tag. Fails
# where there is none: the caller builds. Whose releases they are, the clone's remote says, or ATELIER_RELEASES.
set -euo pipefail
cd "$(dirname "$0")/.."
to=$1 which=${2:-}
remote=$(git remote get-url origin 2>/dev/null | sed -E \
  's#^git@([^:]+):#https://\1/#; s#^ssh://([^@/]*@)?([^/:]+)(:[0-9]+)?/#https://\2/#; s#^(https://)[^@/]*@#\1#; s#\.git$##') || true
export ATELIER_RELEASES=${ATELIER_RELEASES:-${remote:+$remote/releases}}
case $ATELIER_RELEASES in
  http*://*) ;;
  *)
    echo "this clone has no remote with releases" >&2
    exit 1
    ;;
esac
if [ "$which" = newest ]; then
  version=latest
elif version=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null) && [ -z "$(git status --porcelain)" ]; then
  :
else
  echo "this commit is no release" >&2
  exit 1
fi
exec ./install.sh --version "$version" --to "$to"
