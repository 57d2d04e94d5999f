#!/bin/sh
# function-image.sh IMAGE : makes an image of the contract that AWS's images for Lambda have, for the Docker tests: the
# handler is the argument of `/lambda-entrypoint.sh`, the code is at `/var/task`, and what takes events from the Runtime
# API is at `/var/runtime`. From this machine's own Debian Python, so that no registry is needed; an image of that name
# that is here is left alone.
set -eu
image=$1
root=$(cd "$(dirname "$0")/.." && pwd)
if docker image inspect "$image" >/dev/null 2>&1; then
    echo "$image is here"
    exit 0
fi
python=$(readlink -f /usr/bin/python3)
[ -x "$python" ] || { echo "Debian's python3 is needed" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
libraries=/usr/lib/$(basename "$python")
mkdir -p "$work/bin" "$work/usr/bin" "$work/usr/lib" "$work/var/runtime" "$work/var/task" "$work/tmp" "$work/opt"
cp "$python" "$work/usr/bin/python3"
cp -r "$libraries" "$work/usr/lib/"
find "$work/usr/lib" -name '__pycache__' -o -name 'test' -o -name 'config-*' | xargs rm -rf
cp "$(readlink -f /bin/sh)" "$work/bin/sh"
for file in "$work/usr/bin/python3" "$work/bin/sh" "$work/usr/lib/$(basename "$libraries")"/lib-dynload/*.so; do
    ldd "$file" | grep -o '/[^ ]*' || true
done | sort -u | while read -r library; do
    mkdir -p "$work$(dirname "$library")"
    cp -L "$library" "$work$library"
done
cp "$root/src/emulator/runtime/clients/python.py" "$work/var/runtime/bootstrap.py"
cat > "$work/lambda-entrypoint.sh" <<'ENTRYPOINT'
#!/bin/sh
export _HANDLER="$1"
exec /usr/bin/python3 /var/runtime/bootstrap.py
ENTRYPOINT
chmod 755 "$work/lambda-entrypoint.sh"
chmod -R a+rX "$work"
tar -C "$work" --numeric-owner -c . | docker import \
    -c 'ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1' \
    -c 'WORKDIR /var/task' -c 'ENTRYPOINT ["/lambda-entrypoint.sh"]' - "$image" >/dev/null
echo "$image was built"
