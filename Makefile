# Everything that is done with this repository; `make` alone lists it.

PYTHON ?= python3.11
PORT ?= 8000
DATA ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

PACKAGES := features models training service curescore

# `make test` runs these, those and all others side by side: each takes about as long.
COMMANDS := tests/curescore tests/journey
REAL := tests/browser tests/notebooks tests/service/faults tests/training

# Whom `make bench` compares us with.
PEERS := build/peers
PEERS_PIP := $(PEERS)/bin/python -m pip --quiet --disable-pip-version-check
MLSERVER := build/mlserver

# What looks for known weaknesses of what is locked, apart from it.
AUDIT := build/audit

# What the service's image holds and no more, for `make bench`.
SERVING := build/serving
SERVING_PIP := $(SERVING)/bin/python -m pip --quiet --disable-pip-version-check

# The resolver stands apart from the environment that it resolves.
UV_VERSION := 0.13.9
UV := build/uv/bin/uv
COMPILE := $(UV) pip compile --quiet --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" --python-version 3.11 --python-platform linux \
	$(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run test compiled test-commands test-real test-others check audit format prove bench lock

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## make .venv from the lock

$(STAMP): requirements/all.txt pyproject.toml
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
		echo "curescore needs Python 3.11 with venv, and '$(PYTHON)' is not that."; \
		echo "  Debian 12:  apt-get install python3.11 python3.11-venv"; \
		echo "  macOS:      brew install python@3.11"; \
		echo "  elsewhere:  make $(or $(MAKECMDGOALS),install) PYTHON=/path/to/python3.11"; \
		exit 1; } >&2
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/all.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import lightgbm' || { \
		echo "LightGBM needs the OpenMP library: apt-get install libgomp1, or brew install libomp."; \
		exit 1; } >&2
	@touch $@

run: install ## data, training where there is no champion, service on 127.0.0.1 [DATA=… PORT=8000]
	CURESCORE_AUTH=off $(BIN)/curescore up $(if $(DATA),--data "$(DATA)") --port $(PORT)

test: install ## all that CI runs: check, and every test; only some tests with [PYTEST_ARGS=…]
	@.ci/chromium
ifdef PYTEST_ARGS
	$(BIN)/python -m pytest $(PYTEST_ARGS)
else
	@$(MAKE) --no-print-directory --jobs=2 check compiled
	@$(MAKE) --no-print-directory --keep-going --jobs=3 test-commands test-real test-others
endif

# Once, beside the check: processes that start together would each compile all for themselves.
compiled: install
	$(BIN)/curescore features --warm

# Three for two cores: some wait for what they started. What two of them print is shown when they
# are done.
test-commands:
	$(BIN)/python -m pytest $(COMMANDS)

test-real:
	@mkdir -p build
	$(BIN)/python -m pytest $(REAL) >build/test-real.txt 2>&1; \
		ended=$$?; cat build/test-real.txt; exit $$ended

test-others:
	@mkdir -p build
	$(BIN)/python -m pytest $(patsubst %,--ignore=%,$(COMMANDS) $(REAL)) >build/test-others.txt 2>&1; \
		ended=$$?; cat build/test-others.txt; exit $$ended

# Bandit's notes go to a file: most are about a nosec that it heeded.
check: install ## style, types, floors, dependencies, what is unsafe, Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	@mkdir -p build
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive $(PACKAGES) 2>build/bandit.txt || \
		{ cat build/bandit.txt; exit 1; }
	$(BIN)/hadolint Dockerfile

audit: $(AUDIT)/.installed ## known weaknesses of what is locked; needs PyPI
	$(AUDIT)/bin/python .ci/audit.py $(AUDIT)/bin/pip-audit

$(AUDIT)/.installed: requirements/audit.txt
	test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements/audit.txt
	@touch $@

format: install ## put imports and layout in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

prove: install ## the long proofs, in full counts
	$(BIN)/python -m pytest -m "prove or hypothesis" --hypothesis-profile=prove $(PYTEST_ARGS)

bench: install $(PEERS)/.installed $(MLSERVER)/.installed $(SERVING)/.installed ## ours and others' speed, side by side [BENCH_ARGS=…]
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

# Apart from ours, since fasttreeshap needs an older numpy. It is built here, from C.
$(PEERS)/.installed: requirements/peers.txt requirements/fasttreeshap.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS_PIP) install --require-hashes -r requirements/peers.txt
	$(PEERS_PIP) install --require-hashes --no-deps --no-build-isolation \
		-r requirements/fasttreeshap.txt || \
		echo "fasttreeshap could not be built (it needs gcc): measuring without it." >&2
	@touch $@

$(MLSERVER)/.installed: requirements/mlserver.txt
	test -x $(MLSERVER)/bin/python || $(PYTHON) -m venv $(MLSERVER)
	$(MLSERVER)/bin/python -m pip --quiet --disable-pip-version-check install \
		--require-hashes -r requirements/mlserver.txt
	@touch $@

# The wheel that links to this folder is built by .venv, since the service needs no setuptools.
$(SERVING)/.installed: requirements/serve.txt pyproject.toml $(STAMP)
	test -x $(SERVING)/bin/python || $(PYTHON) -m venv $(SERVING)
	$(SERVING_PIP) install --require-hashes -r requirements/serve.txt
	$(BIN)/python -W ignore -c 'from setuptools import build_meta; \
		build_meta.build_editable("$(SERVING)")' >/dev/null
	$(SERVING_PIP) install --no-deps --no-index --force-reinstall $(SERVING)/*.whl
	@touch $@

lock: $(UV) ## write the lock files anew [UPGRADE=1: with the newest versions]
	$(COMPILE) pyproject.toml --extra train --extra dask --extra notebooks --extra dev -o requirements/all.txt
	$(COMPILE) pyproject.toml -c requirements/all.txt -o requirements/serve.txt
	$(COMPILE) requirements/build.in -c requirements/all.txt -o requirements/build.txt
	$(COMPILE) requirements/mlflow.in -c requirements/all.txt -o requirements/mlflow.txt
	$(COMPILE) requirements/audit.in -o requirements/audit.txt
	$(COMPILE) requirements/peers.in -o requirements/peers.txt
	$(COMPILE) requirements/mlserver.in -o requirements/mlserver.txt
	$(COMPILE) requirements/fasttreeshap.in --no-deps -o requirements/fasttreeshap.txt

$(UV):
	$(PYTHON) -m venv build/uv
	build/uv/bin/python -m pip --quiet --disable-pip-version-check install uv==$(UV_VERSION)
