# On a bare Debian or Ubuntu with python3 and make, each target sets up what it needs by itself.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs lock install clean system-packages

VENV    := .venv
PYTHON  := $(VENV)/bin/python
RUN     := $(VENV)/.ready-run
DEV     := $(VENV)/.ready-dev
PRISM   := tests/contract/node_modules/.ready
AXE     := tests/browser/node_modules/.ready
PIP     := $(PYTHON) -m pip --quiet --disable-pip-version-check

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 20

demo: $(RUN) ## start sick processes, run the whole flow on them, show the result
	@$(PYTHON) -m escalate demo

install: $(RUN) ## set up the checkout and its command, .venv/bin/escalate

test: $(DEV) system-packages $(PRISM) $(AXE) lint ## every check and every test
	$(PYTHON) -m pytest

lint: $(DEV) ## format, lint, types, architecture
	$(VENV)/bin/ruff format --check escalate tests
	$(VENV)/bin/ruff check escalate tests
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(DEV) ## tables of measured ratios
	$(PYTHON) -m tests.bench

docs: $(DEV) ## write docs/ and schemas/ from help texts, entries and models
	$(PYTHON) -m escalate.cli.reference .

lock: $(DEV) ## resolve the requirements again, with hashes and without index addresses
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --group build pyproject.toml -o requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --group dev pyproject.toml -o requirements-dev.lock

clean: ## remove what was set up
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

system-packages:
	@bash .ci/system-packages test

$(VENV)/bin/python:
	@bash .ci/system-packages run
	python3 -m venv $(VENV)

$(RUN): requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(PRISM) $(AXE): tests/%/node_modules/.ready: tests/%/package-lock.json | system-packages
	cd tests/$* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
