# Each target makes its own .venv from a bare Python; nothing else is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AREA ?= expressions
# The figures are those of one Python, 3.12 where it is there: before it, a slot of a class that has __getattr__ is slow.
BENCH := $(VENV)/bench
BENCH_PYTHON ?= $(shell PYENV_VERSION=$$(pyenv latest 3.12 2>/dev/null) python3.12 -c 'import sys; print(sys.executable)' 2>/dev/null || echo $(PYTHON))
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-redis test-socks test-netns test-deep test-dist test-all coverage faults mutation check docs format bench bench-check dist clean

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

test-dist: $(VENV)/.dev  ## build the wheel and the sdist, install them into fresh environments, and test those
	$(PIP) 'build>=1.2'
	$(BIN)/python -m pytest -m packaging tests/packaging

test-all: $(VENV)/bin/python  ## run the tests on Python 3.10 to 3.13, with the oldest and newest dependencies, and as installed
	$(PIP) 'nox>=2024.4.15'
	$(BIN)/nox -f .ci/noxfile.py --envdir $(abspath $(VENV))/nox

coverage: $(VENV)/.published  ## run the tests and show which branches they leave out
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -p no:cacheprovider
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

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
	$(BIN)/python -m tests.typing.completeness
	$(BIN)/lint-imports
	! grep -rn --include="*.py" "TODO\|FIXME\|NotImplemented\b\|NotImplementedError" accsyn_orm

docs: $(VENV)/.docs  ## build the documentation into docs/_build/html
	$(BIN)/python -m sphinx -b html -W -n --keep-going docs docs/_build/html

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(BENCH)/.ready  ## measure against the published client and others, side by side; compare with the last time
	$(BENCH)/bin/python -m tests.benchmarks --json .benchmarks/last.json
	$(BENCH)/bin/python -m tests.benchmarks.shared_rate

bench-check: $(BENCH)/.ready  ## the same, and fail where a figure misses its bar
	$(BENCH)/bin/python -m tests.benchmarks --check

dist: $(VENV)/bin/python  ## build the wheel and the sdist into dist/
	$(PIP) 'build>=1.2' 'twine>=6'
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

clean:
	rm -rf $(VENV) docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* dist build

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[sandbox]'
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(PIP) --editable '.[dev]'
	touch $@ $(VENV)/.demo

$(VENV)/.docs: pyproject.toml $(VENV)/.dev
	$(PIP) --editable '.[docs]'
	touch $@

# The published clients, each on its own, that the sandbox and our requests are held against.
$(VENV)/.published: tests/conformance/clients.py $(VENV)/.dev
	$(BIN)/python -m tests.conformance.clients
	touch $@

$(BENCH)/.ready: pyproject.toml | $(VENV)/bin/python
	$(BENCH_PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test]' Django SQLAlchemy pyairtable pynetbox
	touch $@
