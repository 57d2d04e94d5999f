#!/usr/bin/env bash
# Prints the path of axe-core's script, by whose rules the dashboard's tests judge its pages: as a Python package ships it,
# without what that package is for.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(scripts/venv.sh axe python --no-deps axe-playwright-python==0.1.8)
exec "$python" -c 'import importlib.util as i; print(i.find_spec("axe_playwright_python").submodule_search_locations[0] + "/axe.min.js")'
