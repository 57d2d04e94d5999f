#!/usr/bin/env bash
# Every check and test of the project, on a fresh clone of a new machine; CI runs exactly this.
# What it needs beyond cargo and a C compiler, it installs: the AWS CLI, botocore, schemathesis, cfn-lint, checkov, Pulumi's types,
# pytest and moto into virtual environments under target/, Chromium and its driver, and, where Docker answers, busybox, openssl, podman, Docker Compose and what the engines' images are built from (Debian
# packages; needs root or sudo).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/need.sh cargo cc

step() { printf '\n== %s\n' "$*"; }

step "format"
cargo fmt --all --check
step "clippy"
cargo clippy --locked --all-targets -- -D warnings
if command -v c++ >/dev/null 2>&1; then
  step "fuzz targets compile"
  cargo check --locked --bins --manifest-path fuzz/Cargo.toml --target-dir target/fuzz
else
  step "fuzz targets: not compiled, libFuzzer needs a C++ compiler (\`c++\`)"
fi
if command -v cargo-deny >/dev/null 2>&1; then
  step "supply chain"
  cargo deny --locked check bans licenses sources
else
  step "supply chain: not checked, cargo-deny is not installed (\`cargo install cargo-deny\`)"
fi
step "build"
cargo build --locked --tests
step "static binary"
atelier="target/$(rustc -vV | sed -n 's/^host: //p')/debug/atelier"
scripts/assert-static.sh "$atelier"
step "no failpoints in what is released"
if grep -q FAILPOINTS "$atelier"; then
  echo "the default build has failpoints" >&2
  exit 1
fi
step "what tests run besides"
# Each script prints the path of its program, which it installs when it is missing; the tests read it in ATELIER_AWS_CLI and so on.
for tool in aws-cli awslocal botocore schemathesis chalice sdk-go sdk-ruby old-aws-cli cfn-lint checkov pulumi pytest moto \
  chromedriver axe; do
  path=$(scripts/$tool.sh)
  variable=ATELIER_$(tr a-z- A-Z_ <<<"$tool")
  export "$variable=$path"
  echo "$variable=$path"
done
if command -v terraform >/dev/null 2>&1; then
  # Where Terraform and its provider are, its tests cannot be skipped.
  ATELIER_TERRAFORM_PROVIDERS=$(scripts/terraform-providers.sh) && export ATELIER_TERRAFORM_PROVIDERS
else
  step "Terraform: not run, it is not installed"
fi
step "tests without Docker, but for the proof of crash safety"
# Most of them wait for a process or a clock half of the time.
cargo test --locked --lib --bins --test it -- --test-threads $((2 * $(getconf _NPROCESSORS_ONLN))) \
  --skip crash::matrix --skip crash::walk --skip crash::together
step "crash safety: every fault at every call, random walks, two deploys at once"
cargo test --locked --test it -- --nocapture crash::matrix crash::walk crash::together
if docker info >/dev/null 2>&1; then
  step "tests with Docker"
  scripts/apt.sh busybox busybox-static
  scripts/apt.sh openssl openssl
  scripts/apt.sh podman podman
  docker compose version >/dev/null 2>&1 || scripts/apt.sh docker-compose docker-compose
  scripts/localstack-image.sh
  scripts/ministack-image.sh
  ATELIER_REQUIRE_DOCKER=1 cargo test --locked --test docker
else
  step "tests with Docker: not run, Docker does not answer here"
fi
step "crash safety: every step of a write, in a build of its own with failpoints"
cargo test --locked --features failpoints --test it -- --nocapture crash::failpoints
if ! grep -q FAILPOINTS "$atelier"; then
  echo "this build has failpoints, and looking for them as above finds none" >&2
  exit 1
fi
