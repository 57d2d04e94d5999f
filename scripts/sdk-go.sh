#!/usr/bin/env bash
# sdk-go.sh : prints the path of tests/clients/scenario.go, compiled with Debian's Go and its AWS SDK, which are installed when
# they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
sdk=/usr/share/gocode/src/github.com/aws/aws-sdk-go
if ! command -v go >/dev/null || [ ! -d "$sdk" ]; then
  scripts/apt.sh - --no-install-recommends golang-go golang-github-aws-aws-sdk-go-dev
fi
mkdir -p target/clients
# Debian's libraries have the places of Go's days before modules.
GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$PWD/target/clients/go go build -o target/clients/scenario-go tests/clients/scenario.go >&2
echo "$PWD/target/clients/scenario-go"
