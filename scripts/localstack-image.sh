#!/bin/sh
# Makes the engine's image available to the Docker tests: one that is here is left alone, one that can be pulled is
# pulled, and where no registry is reachable it is built from Debian and PyPI packages (about two minutes; needs root and
# mmdebstrap). LOCALSTACK_IMAGE_BUILDER overrides where the build script is.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
image=localstack/localstack:4.14.0
builder=${LOCALSTACK_IMAGE_BUILDER:-$root/../shared/localstack-image/build-localstack-image.sh}

if docker image inspect "$image" >/dev/null 2>&1; then
    echo "$image is here"
elif docker pull "$image"; then
    echo "$image was pulled"
elif [ -f "$builder" ]; then
    "$root/scripts/apt.sh" mmdebstrap mmdebstrap
    bash "$builder"
else
    echo "$image is not here, cannot be pulled, and there is no $builder" >&2
    exit 1
fi
