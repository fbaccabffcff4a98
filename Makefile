# Needs Python 3.11 or newer and make; everything else is installed into .venv from the locks, hashes checked.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test check soak bench bench-large openapi docs lock clean

VENV := .venv
BIN := $(VENV)/bin

# The first Python that is new enough and can make environments (Debian packs that part separately).
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
	if $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo $$candidate; break; fi; done)

# What is installed is remembered by the locks' checksums, so that a changed lock is installed again.
sum = $(shell cat pyproject.toml $(1) | cksum | cut -d ' ' -f 1)
RUN := $(VENV)/.installed-run-$(call sum,requirements.lock)
DEV := $(VENV)/.installed-dev-$(call sum,requirements-dev.lock)

PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUN) ## Start everything with sample data (ARGS="--port 9000 --orders 50")
	@$(BIN)/milepost demo $(ARGS)

test: $(DEV) ## Run all tests (ARGS="-k word")
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(DEV) ## Format, lint, types, imports, spelling, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(MAKE) test

soak: $(DEV) ## Kill everything under load for 15 minutes and look for losses (ARGS="--minutes 5")
	$(BIN)/python -m tests.chaos.soak $(ARGS)

bench: $(DEV) ## Print the benchmark table
	$(BIN)/python -m bench $(ARGS)

bench-large: $(DEV) ## The same with many orders
	$(BIN)/python -m bench.large $(ARGS)

openapi: $(DEV) ## Write openapi/ from the code
	$(BIN)/milepost openapi --write openapi

docs: $(DEV) ## Write docs/reference/ from the code
	$(BIN)/python docs/generate.py

lock: $(DEV) ## Resolve the dependencies anew into both locks (UPGRADE=1: to their newest versions)
	$(BIN)/uv pip compile pyproject.toml --extra build --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 $(if $(UPGRADE),--upgrade) -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 $(if $(UPGRADE),--upgrade) -o requirements-dev.lock

clean: ## Remove .venv, caches and builds
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Milepost needs Python 3.11 or newer with its venv module" \
		"(on Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The development lock holds all of the other one.
$(RUN): $(BIN)/python
	@test -e $(DEV) || { echo "Installing Milepost into $(VENV)" && \
		$(PIP) --require-hashes -r requirements.lock && $(PIP) --no-build-isolation --no-deps -e . ; }
	@rm -f $(VENV)/.installed-run-* && touch $@

$(DEV): $(BIN)/python
	@echo "Installing Milepost and its tools into $(VENV)"
	@$(PIP) --require-hashes -r requirements-dev.lock && $(PIP) --no-build-isolation --no-deps -e .
	@rm -f $(VENV)/.installed-* && touch $@
