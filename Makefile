# Two targets do all the set-up on a fresh machine: `make contracts` and `make test`.
# The others are for developers of the project.

PYTHON ?= python3
VENV ?= .venv
LOWEST ?= .venv-lowest
BIN = $(VENV)/bin
NODE = build/clients/javascript
# The tests start several hundred processes; bytecode that may not be kept would be compiled anew in each.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help contracts test test-lowest search test-sdk test-sdk-python test-sdk-js test-sdk-go test-sdk-java test-sdk-dotnet test-sdk-php test-browser hostile bench record docs readme lint types wheel clean

help:
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 14

# The stamp depends on what decides the dependencies, so the second call is quick.
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed, {v[0]}.{v[1]} was found; set PYTHON=python3.11, for example")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group test
	@touch $@

# The lowest versions are for the lowest Python; for newer ones some of them have no wheel.
$(LOWEST)/.installed: pyproject.toml
	$(PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST) --resolution lowest-direct --editable . --group test
	@touch $@

$(VENV)/.linted: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group lint
	@touch $@

$(VENV)/.benched: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

$(VENV)/.sdk: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --no-compile --editable '.[sdk]' --group sdk
	@touch $@

# Where npm is missing, the tests say so. The versions are exact, so there is no lock file.
$(NODE)/.installed: tests/clients/javascript/package.json
	mkdir -p $(NODE) && cp $< $(NODE)
	if command -v npm >/dev/null; then cd $(NODE) && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error && touch .installed; fi

# Chromium comes from the system: as root it is installed, otherwise it is said what to install.
$(VENV)/.browser: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group browser --group docs
	@test -x /usr/bin/chromium || test -x "$$GRAPHCALLS_TEST_CHROMIUM" || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
		else \
			echo "install Chromium (apt-get install chromium), or set GRAPHCALLS_TEST_CHROMIUM to its path" >&2; exit 1; \
		fi; }
	@touch $@

contracts: $(VENV)/.installed ## run the contract suite against the simulator and print the table of rules
	$(BIN)/python -m pytest --pyargs pytest_graphcalls.contracts -q

test: $(VENV)/.installed ## run the project's own tests, all of them
	$(BIN)/python -m pytest tests -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/clients --ignore tests/bench --ignore tests/browser

test-lowest: $(LOWEST)/.installed ## run contracts and tests with the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/python -m pytest --pyargs pytest_graphcalls.contracts -q
	$(LOWEST)/bin/python -m pytest tests -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/clients --ignore tests/bench --ignore tests/browser

search: $(VENV)/.installed ## look for counter-examples: the generated tests with new examples, twenty times as many
	GRAPHCALLS_TEST_EFFORT=20 $(BIN)/python -m pytest -n 2 $$(grep -rlE '^from tests\.(effort|house|proof\.(runner|rogue\.serving)) ' --include 'test_*.py' tests)

test-sdk: test-sdk-python test-sdk-js ## run the tests with Microsoft's Graph SDKs that need no compiler

test-sdk-python: $(VENV)/.sdk ## run those in Python, and the code blocks of the docs (installs about a gigabyte)
	$(BIN)/python -m pytest tests/clients/python tests/house/test_docs.py

test-sdk-js: $(VENV)/.installed $(NODE)/.installed ## run those in JavaScript, by node and npm
	$(BIN)/python -m pytest tests/clients/javascript

test-sdk-go: $(VENV)/.installed ## run those in Go; the first time its compiler takes minutes, and gigabytes of memory
	$(BIN)/python -m pytest tests/clients/go

test-sdk-java: $(VENV)/.installed ## run those in Java, by javac and mvn
	$(BIN)/python -m pytest tests/clients/java

test-sdk-dotnet: $(VENV)/.installed ## run those in C#, by dotnet (never run until now)
	$(BIN)/python -m pytest tests/clients/dotnet

test-sdk-php: $(VENV)/.installed ## run those in PHP, by php and composer (the latter never run until now)
	$(BIN)/python -m pytest tests/clients/php

test-browser: $(VENV)/.browser ## look at the page of a night and at the documentation in headless Chromium (installs it as root)
	$(BIN)/python -m pytest tests/browser

hostile: $(VENV)/.installed ## give hostile files to the commands; prints what each got, seconds and MB
	$(BIN)/python -m tests.hostile

bench: $(VENV)/.benched ## print the speed figures as ratios
	$(BIN)/python -m tests.bench

record: $(VENV)/.installed ## record the shipped cassettes anew, from the simulator over HTTP
	$(BIN)/python -m tests.recording

$(VENV)/.documented: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

docs: $(VENV)/.documented ## build the documentation into build/site, every link checked
	$(BIN)/python -m tests.site
	$(BIN)/zensical build --clean --strict

readme: $(VENV)/.installed ## bring README and the site's addresses in step with contract and pyproject.toml
	$(BIN)/python -m tests.site --readme

lint: $(VENV)/.linted ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.linted ## mypy, strict
	$(BIN)/mypy

wheel: $(VENV)/.installed ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what the other targets made
	rm -rf $(VENV) $(LOWEST) build dist *.egg-info
