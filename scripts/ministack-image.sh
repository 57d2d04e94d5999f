#!/bin/sh
# Makes an image of MiniStack for the Docker tests, which prove with it that another engine is only another profile. One
# that is here is left alone. Not the published image: the same PyPI package everywhere, with the cbor2 that the published
# one has beside it for CloudWatch's protocol, on Python's own image where a registry answers, else on a Debian that
# mmdebstrap makes (needs root) and that scripts/localstack-image.sh may have left in the cache.
set -eu
version=1.5.33
cbor2=5.9.0
image=atelier-test/ministack:$version-cbor
base=python:3.13-slim-trixie
rootfs=${CACHE:-/var/cache/localstack-image}/rootfs-trixie.tar

if docker image inspect "$image" >/dev/null 2>&1; then
    echo "$image is here"
    exit 0
fi
if docker image inspect "$base" >/dev/null 2>&1 || docker pull --quiet "$base" >/dev/null 2>&1; then
    docker build --quiet --tag "$image" - >/dev/null <<DOCKERFILE
FROM $base
RUN pip install --quiet --no-cache-dir ministack==$version cbor2==$cbor2
ENV PYTHONUNBUFFERED=1
ENTRYPOINT ["python3", "-m", "ministack.app"]
EXPOSE 4566
DOCKERFILE
    echo "$image was built on $base"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "$base cannot be pulled, and building without it needs root" >&2
    exit 1
fi
if [ ! -s "$rootfs" ]; then
    "$(dirname "$0")/apt.sh" mmdebstrap mmdebstrap
    mkdir -p "$(dirname "$rootfs")"
    mmdebstrap --quiet --format=tar --variant=apt --include=python3,python3-venv,ca-certificates,procps trixie "$rootfs.part"
    mv "$rootfs.part" "$rootfs"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root"
tar -C "$work/root" --numeric-owner --exclude='./dev/*' -xf "$rootfs"
python3 -m pip install --quiet --target "$work/root/opt/ministack" --python-version 3.13 --only-binary=:all: \
    "ministack==$version" "cbor2==$cbor2"
tar -C "$work/root" --numeric-owner -c . | docker import \
    -c 'ENV PYTHONPATH=/opt/ministack PYTHONUNBUFFERED=1' \
    -c 'ENTRYPOINT ["/usr/bin/python3","-m","ministack.app"]' -c 'EXPOSE 4566' - "$image" >/dev/null
echo "$image was built"
