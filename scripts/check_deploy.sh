#!/bin/sh
# Read the Dockerfile, docker-compose.yml and deploy/ with the linter of each kind of file.
# A linter that is not installed is named; where CI=true that is a failure.
set -eu
cd "$(dirname "$0")/.."

bin=.venv/bin
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
lacking=

# Whether a program of Debian is there: there [PROGRAM] [PACKAGE]
there() {
    command -v "$1" >/dev/null 2>&1 && return 0
    echo "not checked: $1 is missing (apt-get install --no-install-recommends $2)" >&2
    lacking="$lacking $1"
    return 1
}

heard_if_it_fails() {
    "$@" >"$scratch/said" 2>&1 && return 0
    cat "$scratch/said" >&2
    exit 1
}

# DL3008: of Debian's packages we want the security updates, whatever their number.
# DL3006, DL3007: what stands in for others' images is built from images made on the spot.
"$bin/hadolint" --ignore DL3008 Dockerfile
"$bin/hadolint" --ignore DL3008 --ignore DL3006 --ignore DL3007 tests/packaging/standins/*.Dockerfile

"$bin/python" - <<'PYTHON'
import re
from pathlib import Path

import yaml
from compose_spec import PyCompose

# It knows neither variables nor merge keys: give it their values.
text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", Path("docker-compose.yml").read_text())
PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(text)))
PYTHON

for file in deploy/kubernetes/*.yaml; do
    case $file in
    */kustomization.yaml) ;; # no resource of the cluster
    *) "$bin/kubernetes-validate" --strict --quiet "$file" ;;
    esac
done

"$bin/shellcheck" scripts/*.sh .ci/run deploy/systemd/*.sh tests/packaging/standins/*.sh

if there promtool prometheus; then
    heard_if_it_fails promtool check rules deploy/prometheus/alerts.yml
    heard_if_it_fails promtool test rules deploy/prometheus/alerts_test.yml
fi

if there systemd-analyze systemd; then
    # The program need not be installed where its unit is read.
    sed 's,^ExecStart=/[^ ]*,ExecStart=/bin/true,' deploy/systemd/ven-daemon.service \
        >"$scratch/ven-daemon.service"
    systemd-analyze verify --man=no "$scratch/ven-daemon.service" 2>"$scratch/verify" || true
    if [ -s "$scratch/verify" ]; then
        cat "$scratch/verify" >&2
        exit 1
    fi
fi

if [ -n "$lacking" ] && [ "${CI:-}" = true ]; then
    echo "in CI every linter must be there; missing:$lacking" >&2
    exit 1
fi
echo "deploy: every file was read"
