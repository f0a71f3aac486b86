# Every command of the project. Each one does only what changes since its last run require.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
# Python may write its bytecode files; without them, each server that a test starts would compile the whole program.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest
# By file, as the tests of a file share servers and pages; in the order of tests/conftest.py, which ends with short files.
PYTEST_IN_PARALLEL = $(PYTEST) --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
DEMO_DIR ?= demo-data
# One more than cores, as a test that waits for its server or browser uses none.
WORKERS ?= 3
UV := .make/uv/bin/uv
NODE := $(BIN)/python -m tools.node

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
ifndef IN_PARALLEL
.NOTPARALLEL:
endif
.PHONY: help run install test tests test-tools check lint types architecture javascript fix demo-data slow firefox bench bench-short bench-tools lock \
	chromium headless-chromium firefox-esr

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## Install what it needs, start on demo data and print the address
	$(BIN)/bufdir-preview serve --demo --demo-live

install: $(VENV)/.runtime $(VENV)/.program components/vendor/.built components/__pycache__/.compiled ## Make the environment at .venv, fetch styles and font, build the stylesheets

test: ## Install what it needs and run everything but the slow suites
	@$(MAKE) --no-print-directory --jobs=4 --keep-going IN_PARALLEL=yes lint types javascript tests

# Each begins when what it needs is installed.
tests: test-tools
	$(PYTEST_IN_PARALLEL)

test-tools: $(VENV)/.dev install node_modules/.dev headless-chromium

check: $(VENV)/.dev install lint types architecture ## Lint, types and the architecture tests

lint: $(VENV)/.dev node_modules/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(NODE) node_modules/.bin/biome check

types: $(VENV)/.dev node_modules/.dev
	$(BIN)/pyright
	$(NODE) node_modules/.bin/tsc

architecture: $(VENV)/.dev
	$(PYTEST) tests/architecture

javascript: node_modules/.dev
	$(NODE) node --test tests/javascript/*.test.js tests/javascript/*/*.test.js

fix: $(VENV)/.dev node_modules/.dev ## Fix what lint can fix, format, and renew the tables of the documentation
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(NODE) node_modules/.bin/biome check --write
	$(BIN)/python -m tools.doc_tables docs/configuration.md docs/reference.md docs/ssb-checks.md docs/performance.md

demo-data: install ## Write synthetic deliveries to demo-data/ (DEMO_DIR=... for another folder)
	$(BIN)/bufdir-preview demo-data $(DEMO_DIR)

slow: $(VENV)/.dev install node_modules/.dev headless-chromium firefox-esr ## Run the slow suites: crash, leak, load, long stories in a browser, Firefox
	$(PYTEST) -m slow

firefox: $(VENV)/.dev install node_modules/.dev firefox-esr ## Run all browser tests in Firefox; `make slow` runs the core paths in it
	$(PYTEST_IN_PARALLEL) --firefox tests/browser

bench: bench-tools ## Measure beside named peers, in the same run, and write docs/performance.md
	$(BIN)/python -m benchmarks --write-docs

bench-short: bench-tools ## The same in three minutes: on less, with fewer rounds; writes no docs
	$(BIN)/python -m benchmarks --short

bench-tools: $(VENV)/.bench $(VENV)/.dev .make/peers/.installed install chromium

lock: $(UV) ## Lock the dependencies of pyproject.toml and package.json again
	$(COMPILE) pyproject.toml --group build --group dev -o requirements-dev.lock
	$(COMPILE) pyproject.toml --group build -c requirements-dev.lock -o requirements.lock
	$(COMPILE) pyproject.toml --group build --group bench -c requirements-dev.lock -o requirements-bench.lock
	$(COMPILE) --group peers -o requirements-peers.lock
	$(COMPILE) --group node -o requirements-node.lock
	npm install --package-lock-only --omit-lockfile-registry-resolved=true --no-audit --no-fund

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

$(UV):
	$(PYTHON) -m venv .make/uv
	.make/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

chromium:
	@sh tools/chromium.sh

headless-chromium:
	@sh tools/chromium.sh headless

firefox-esr:
	@sh tools/firefox.sh

# A stamp file is inside what it stands for, so that removing that removes the stamp too.

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed, and none was found."; exit 1; }
	@echo "Making the environment at $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make an environment (on Debian: apt-get install python3-venv)."; exit 1; }

$(VENV)/.runtime: requirements.lock | $(BIN)/python
	@echo "Installing what the program needs ..."
	@$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/.program: pyproject.toml $(wildcard app.py */__init__.py) | $(VENV)/.runtime
	@PYTHONWARNINGS=ignore $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# After the others that write to the environment, as two installations at a time are not safe.
$(VENV)/.dev: requirements-dev.lock | $(VENV)/.runtime $(VENV)/.program $(VENV)/.node
	@echo "Installing what the tests need ..."
	@$(PIP) --no-compile --require-hashes -r $<
	@touch $@

$(VENV)/.bench: requirements-bench.lock | $(VENV)/.runtime
	@echo "Installing what the benchmarks compare with ..."
	@$(PIP) --require-hashes -r $<
	@touch $@

.make/peers/.installed: requirements-peers.lock
	@echo "Installing the peers that the benchmarks compare with ..."
	@$(PYTHON) -m venv .make/peers
	@.make/peers/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r $<
	@touch $@

$(VENV)/.node: requirements-node.lock | $(VENV)/.runtime $(VENV)/.program
	@command -v npm >/dev/null || { echo "Installing Node.js ..."; $(PIP) --require-hashes -r $<; }
	@touch $@

components/vendor/.fetched: package-lock.json tools/vendor_assets.py tools/node.py $(wildcard tools/bokeh/*) $(VENV)/.node
	@echo "Fetching styles, font and scripts ..."
	@$(BIN)/python -m tools.vendor_assets
	@touch $@

components/vendor/.built: components/vendor/.fetched $(wildcard tools/build_stylesheets.py tools/css_*.py) \
		$(shell find components -type f -not -path '*/vendor/*' \( -name '*.html' -o -name '*.css' -o -name '*.js' -o -name '*.py' -o -name '*.svg' \))
	@echo "Building the stylesheets ..."
	@$(BIN)/python -m tools.build_stylesheets
	@touch $@

components/__pycache__/.compiled: components/vendor/.built app.py tools/compile_program.py $(VENV)/.runtime \
		$(shell find preview api_handlers -name '*.py')
	@echo "Compiling the program ..."
	@$(BIN)/python -m tools.compile_program
	@touch $@

# The program needs none of these packages, and fetching its own removes them.
node_modules/.dev: package-lock.json components/vendor/.fetched
	@echo "Installing what the scripts are checked with ..."
	@$(NODE) npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@
