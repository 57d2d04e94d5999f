#!/usr/bin/env bash
# Prints the path of an old AWS CLI: the last 1.18, which knows no AWS_ENDPOINT_URL. What it asks for besides no longer builds on
# today's Python; what is named here does, and serves it as well.
set -euo pipefail
exec "$(dirname "$0")/venv.sh" old-aws-cli aws --no-deps awscli==1.18.223 botocore==1.19.63 s3transfer==0.3.7 docutils==0.15.2 \
  colorama==0.4.3 rsa==4.5 pyasn1==0.6.1 pyyaml==6.0.2 jmespath==0.10.0 python-dateutil==2.9.0.post0 six==1.17.0 urllib3==1.26.20
