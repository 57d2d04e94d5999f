#!/usr/bin/env bash
# sdk-ruby.sh : prints the path of a Ruby that has the AWS SDK, Debian's, which is installed when it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
ruby -e 'require "aws-sdk-core"' 2>/dev/null || scripts/apt.sh - ruby-aws-sdk-core
command -v ruby
