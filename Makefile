# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip --disable-pip-version-check install --quiet

# make demo IMAGE=photo.jpg PROMPT="..." OUT=film.mp4 CAMERA=zoom-in:4
OUT ?= demo.mp4
CAMERA ?= zoom-in:4
export IMAGE PROMPT OUT CAMERA PAGE

.PHONY: help
help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "kling-facade needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "making $(VENV) with $(PYTHON)" >&2
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing what the demo needs (once)" >&2
	@$(PIP) -e '.[sandbox]'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing what the tests need (once)" >&2
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.demo

.PHONY: demo
demo: $(VENV)/.demo  ## a picture becomes an MP4 on this machine: IMAGE=, PROMPT=, OUT=, CAMERA=
	@$(BIN)/kling demo $${IMAGE:+--image "$$IMAGE"} $${PROMPT:+--prompt "$$PROMPT"} --camera "$$CAMERA" --to "$$OUT"

.PHONY: setup
setup: $(VENV)/.dev  ## the environment that tests and tools run in

.PHONY: test
test: setup lint types generated  ## every check and test
	@$(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered --cov-fail-under=95

.PHONY: test-pythons
test-pythons: setup  ## the suite on every supported Python that is here; says which are left out
	@$(BIN)/python scripts/pythons.py

.PHONY: test-faults
test-faults: setup  ## the whole matrix: every crash point in every weather, long property tests
	@$(BIN)/python -m pytest -n 2 -m "long or not long" tests/faults tests/jobs tests/gateway

.PHONY: test-long
test-long: setup  ## the property tests with many more examples, other ones each time
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n 2 -m hypothesis

.PHONY: scoreboard
scoreboard: setup  ## what other clients do when an answer is lost; writes docs/scoreboard.md
	@$(BIN)/python scripts/scoreboard.py --write

.PHONY: lint
lint: setup  ## formatting and lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

.PHONY: types
types: setup  ## mypy --strict
	@$(BIN)/mypy

.PHONY: generated
generated: setup  ## generated files are what the scripts make of the bundled document and of the async code
	@$(BIN)/python scripts/regenerate.py --check
	@$(BIN)/python scripts/unasync.py --check

.PHONY: bench
bench: setup  ## what it costs, against named baselines in the same run
	@$(BIN)/python scripts/bench.py

.PHONY: format
format: setup  ## put the code in order
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: clean
clean:  ## remove what was made
	rm -rf $(VENV) .venv-* build dist .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- the contract ---------------------------------------------------------------------------------

.PHONY: regenerate
regenerate: setup  ## the contract and the generated client anew, from openapi/
	@$(BIN)/python scripts/regenerate.py

# GNU make itself ends in 2 whenever a recipe fails, and prints the recipe's own code: "Error 3". Where the
# code counts, run scripts/spec.py, or read "exit" in build/spec-report.json.
.PHONY: spec
spec: setup  ## import a published page and judge what changed: PAGE=file-or-address
	@$(BIN)/python scripts/spec.py $${PAGE:+"$$PAGE"}

# Exact versions: another one may judge otherwise.
PEERS := @stoplight/prism-cli@5.14.2 @redocly/cli@2.77.0 @stoplight/spectral-cli@6.16.3

.PHONY: test-peers
test-peers: setup  ## the contract under tools that nobody here wrote: Prism, Redocly, Spectral (through Node)
	@if command -v npm >/dev/null && npm install --prefix .venv-peers --no-audit --no-fund --silent $(PEERS); \
	then KLING_PEERS=1 $(BIN)/python -m pytest -n0 tests/spec/test_peers.py tests/spec/test_linters.py; \
	else echo "test-peers: skipped, for Node and npm (or the package index) are not here"; fi
