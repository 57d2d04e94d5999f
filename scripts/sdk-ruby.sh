#!/usr/bin/env bash
# sdk-ruby.sh : prints the path of a Ruby that has the AWS SDK, Debian's, which is installed when it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
ruby -e 'require "aws-sdk-core"' 2>/dev/null || {
  as_root=
  [ "$(id -u)" -eq 0 ] || as_root=sudo
  { $as_root apt-get update -qq && $as_root apt-get install -y -qq ruby-aws-sdk-core; } >/dev/null
}
command -v ruby
