# Everything runs in .venv, made from the pinned requirements on first use: for `make run` what running needs, for the
# rest what tests need besides.
PYTHON ?= python3
BIN := .venv/bin
# Tests wait as much as they work: two processes take half as long, even on a small machine.
PYTEST := $(BIN)/pytest --numprocesses 2 --dist worksteal

.PHONY: run test test-all test-load schema reference docs clients lock screenshots bench clean

run: .venv/run
	@exec $(BIN)/zerosum serve

test: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -m "not slow"

test-all: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) --ignore tests/load/test_long_load.py

# Ten minutes of load, which want the machine for themselves, and gigabytes on its disk.
test-load: .venv/ready
	PYTEST_DEBUG_TEMPROOT="$${TMPDIR:-/tmp}" $(BIN)/pytest -o faulthandler_timeout=0 tests/load/test_long_load.py

schema: .venv/ready
	$(BIN)/python -m sql.dump

# The examples, tables and schemas in docs/ that are made from the code.
reference: .venv/ready
	WRITE_REFERENCE=1 $(BIN)/pytest -q tests/docs/test_reference.py -k examples
	WRITE_REFERENCE=1 $(BIN)/pytest -q tests/docs/test_reference.py

# The documentation as a site, in site/; a broken link is an error. To read: python -m http.server -d site
docs: .venv/ready
	$(BIN)/zensical build --strict --clean

# Pins with hashes, from pyproject.toml; needs uv. Those that are pinned stay unless told: make lock UPGRADE=--upgrade.
COMPILE = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock" $(UPGRADE)
lock:
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --extra kafka --extra sqs --output-file requirements-sinks.txt
	$(COMPILE) --extra embedded --extra kafka --extra sqs --output-file requirements-run.txt
	$(COMPILE) --extra embedded --extra kafka --extra sqs --extra mcp --extra dev --output-file requirements-dev.txt

# What of the clients is generated from the API's OpenAPI document.
clients: .venv/ready
	$(BIN)/python -m clients.generate

# A picture of every page of the console: desktop, phone, dark.
screenshots: .venv/ready
	$(BIN)/python -m tests.console.screenshots

bench: .venv/ready
	$(BIN)/python -m bench

clean:
	rm -rf .venv site .mypy_cache .ruff_cache .pytest_cache .hypothesis

PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.venv/run: requirements-run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Zerosum needs Python 3.11 or newer; say which with make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(PIP) -r requirements-run.txt
	$(PIP) --no-deps --editable .
	@touch $@

.venv/ready: .venv/run requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	@touch $@
