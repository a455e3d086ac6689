# Everything a developer does, one word each. `make` alone lists the words.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LINTERS := $(VENV)/.linters

# The first Python that is new enough and runs. 3.11 and 3.12 come first: the
# PostgreSQL that the tests use is packaged for these.
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python3.13 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)

.DEFAULT_GOAL := help
.PHONY: help venv demo test check bench interop interop-build packaging soak lock clean

help: ## list what can be made
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

venv: $(STAMP) ## build the environment, .venv, with everything in it
	@echo "ven-daemon is in $(BIN): . $(BIN)/activate"

demo: $(STAMP) ## run the daemon with the sample fleet at a sandbox VTN, before your eyes
	@$(BIN)/python -m scripts.demo

test: $(STAMP) ## run every test that needs nothing but Python packages
	@$(BIN)/pytest -m "not interop and not packaging and not soak"

check: $(STAMP) $(LINTERS) ## format, lint, types, import contracts, everything under deploy/
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@sh scripts/check_deploy.sh

bench: $(STAMP) ## measure, side by side with the shapes we compare with
	@$(BIN)/python -m bench

interop: interop-build ## accept against real VTNs (needs cargo; the first time builds them)
	@$(BIN)/pytest tests/interop -m interop

interop-build: $(STAMP) ## build these VTNs into the cache, once
	@$(BIN)/python -m tests.rig.openleadr_install

packaging: interop-build ## run image, compose file and systemd unit for true (needs root, Docker, Go)
	@$(BIN)/pytest tests/packaging -m packaging

soak: $(STAMP) ## run the long loops
	@$(BIN)/pytest -m soak

lock: $(STAMP) ## resolve the dependencies afresh into the three lock files
	@$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --all-extras \
		--generate-hashes --universal --python-version 3.11 -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --all-extras --group dev \
		--generate-hashes --universal --python-version 3.11 -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --upgrade --group deploy --constraints requirements-dev.lock \
		--generate-hashes --universal --python-version 3.11 -o requirements-deploy.lock
	@echo "the lock files are fresh; run make test"

clean: ## remove the environment, caches and what the demo left
	@rm -rf $(VENV) var/demo dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found. Debian 12 has one:" \
		"apt-get install python3 python3-venv, or name yours: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "$(PYTHON) is $$("$(PYTHON)" --version 2>/dev/null || echo "not there");" \
		"ven-daemon needs Python 3.11 or newer" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make a virtual" \
		"environment (no ensurepip). On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "building $(VENV) with $$("$(PYTHON)" --version) (about half a minute)"
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(LINTERS): $(STAMP) requirements-deploy.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-deploy.lock
	@touch $@
