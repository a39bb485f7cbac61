#!/bin/sh
# The bill of materials of the service's image, as CycloneDX: docker/make_sbom.sh FILE.json
#
# Of its lock, so that it says the same wherever it is made. With ENVIRONMENT=PYTHON, of what is
# installed there, with licences: ENVIRONMENT=.venv/bin/python docker/make_sbom.sh FILE.json
set -eu
out=$(realpath "${1:?say where to write it: make_sbom.sh FILE.json}")
cd "$(dirname "$0")/.."
set -- --pyproject pyproject.toml --output-reproducible --spec-version 1.6 --of JSON -o "$out"
if [ -n "${ENVIRONMENT:-}" ]; then
    exec .venv/bin/python -m cyclonedx_py environment "$@" --mc-type application "$ENVIRONMENT"
fi
exec .venv/bin/python -m cyclonedx_py requirements "$@" --mc-type application docker/locks/service.txt
