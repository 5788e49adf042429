# Each target makes its own .venv from a bare Python; nothing else is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AREA ?= expressions
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-redis test-socks test-netns test-deep faults mutation check format bench clean

demo: $(VENV)/.demo  ## run the main job on the embedded sandbox
	$(BIN)/python docs/examples/demo.py

test: $(VENV)/.published  ## run the tests
	$(BIN)/python -m pytest

test-redis: $(VENV)/.dev  ## run the tests that need a redis-server (Debian: apt-get install redis-server)
	$(BIN)/python -m pytest -m redis

test-socks: $(VENV)/.dev  ## run the tests that need a SOCKS server of others (Debian: apt-get install microsocks)
	$(BIN)/python -m pytest -m socks

test-netns: $(VENV)/.dev  ## as root: run the tests over three hosts made of network namespaces (iproute2, microsocks)
	$(BIN)/python -m pytest -m netns

test-deep: $(VENV)/.dev  ## run the property tests with 10,000 examples each
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest tests/property

faults: $(VENV)/.dev  ## run the matrix of faults and print its figures
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.faults.kill --points 1200
	$(BIN)/python -m tests.faults.whole

mutation: $(VENV)/.dev  ## break AREA (expressions, session or migrate) on purpose, and see whether the unit tests notice
	$(PIP) 'mutmut>=3.8'
	$(BIN)/python -m tests.mutation $(AREA)

check: $(VENV)/.dev  ## lint, types, import order of the rooms, leftovers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	! grep -rn "TODO\|FIXME\|NotImplemented\b\|NotImplementedError" accsyn_orm

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## measure against the published client, side by side
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.shared_rate

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[sandbox]'
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[dev]'
	touch $@ $(VENV)/.demo

# The published clients, each on its own, that the sandbox and our requests are held against.
$(VENV)/.published: tests/conformance/clients.py $(VENV)/.dev
	$(BIN)/python -m tests.conformance.clients
	touch $@
