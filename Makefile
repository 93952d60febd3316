# `make` alone lists what there is. `make demo` and `make test` set up everything by themselves; all they need is
# Python 3.11 or newer with the venv module, here or elsewhere: make test PYTHON=/opt/python3.13/bin/python3
PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
INSTALLED := .venv/.installed
AXE := tests/browser/node_modules/axe-core/axe.min.js

# Images for containers often forbid Python to keep what it has compiled. Here dozens of processes start one after another.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-left-out proofs test-everywhere test-fast check crash simulate chaos bench format lock docs screenshots

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) $(AXE) ## Makes .venv and installs the pinned packages, if requirements-dev.txt changed

# The stamp is written last: an installation that was interrupted is done again.
$(INSTALLED): requirements-dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python 3.11 or newer, or say which one: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) -V); this needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv. Or use another one: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) -V) (some seconds)"
	@$(PYTHON) -m venv .venv || { echo "The virtual environment could not be made in .venv; the lines above say why."; exit 1; }
	@echo "Installing $$(grep -c '==' requirements-dev.txt) packages from requirements-dev.txt (one to five minutes)"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt || { echo "The packages could not be installed: is there a way to a package index, and room on the disk? The lines above say why; make setup goes on where it stopped."; exit 1; }
	@touch $@
	@echo "Installed. Now: . $(BIN)/activate"

# axe-core looks at the pages in the tests' browser. Its hash is in the lock; nothing of it is part of the product. Where it
# cannot be had, the pages are looked at without it, except where CI is set: there the tests fail.
$(AXE): tests/browser/package-lock.json
	@if command -v npm >/dev/null && npm ci --silent --prefix tests/browser; then touch $@; \
	else echo "axe-core is not installed (it takes npm and a way to a package index): pages are tested without it"; fi

demo: $(INSTALLED) ## Shows the whole system at work against the sandbox (ARGS=--once: once through, then exit)
	$(BIN)/python -m sandbox.demo $(ARGS)

up: $(INSTALLED) ## Runs all processes of the Procfile here, with embedded servers where no URL is set
	$(BIN)/python -m cli up $(ARGS)

# Three workers, each with its own Redis, PostgreSQL and browser: where one waits for a process or a clock, two cores have
# others to work for. One more costs ten seconds of processor time before its first test: it reads all tests as well.
# Tests that share something name a group. On a larger machine: make test ARGS="-n 16"
test: $(INSTALLED) $(AXE) ## Runs the tests, on PostgreSQL where the database decides (ARGS=... goes to pytest)
	$(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

test-left-out: $(INSTALLED) ## Runs on the other database what make test and make proofs run on one of them alone
	$(BIN)/python -m pytest -n 3 --dist loadfile --databases=left-out $(ARGS)

proofs: $(INSTALLED) $(AXE) ## Plays whole installations: upgrades, failovers, hosts cut off, every page, bursts, many random worlds
	$(BIN)/python -m pytest --proofs -n 2 --dist loadgroup $(ARGS)

test-everywhere: $(INSTALLED) $(AXE) ## Runs all tests on SQLite and all of them on PostgreSQL: twice as long
	$(BIN)/python -m pytest -n 3 --dist loadfile --databases=both $(ARGS)

test-fast: $(INSTALLED) ## Runs the tests on SQLite alone, without those marked slow
	$(BIN)/python -m pytest --databases=sqlite -m "not slow" $(ARGS)

check: $(INSTALLED) ## Checks style, types and who may import whom; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

SEED ?= 1
RUNS ?= 200

crash: $(INSTALLED) ## Kills a process at every point between two steps, on both databases; prints the table (ARGS=--crash-short: the first times only)
	$(BIN)/python -m pytest tests/crash --crash -n 2 -q --databases=both $(ARGS)

simulate: $(INSTALLED) ## Runs RUNS seeded worlds full of trouble from SEED on, and compares with the truth
	$(BIN)/python -m tests.simulation --seed $(SEED) --runs $(RUNS) $(ARGS)

chaos: $(INSTALLED) ## Real processes, 2,000 payments, everything killed at random (ARGS=--short, --rolling, --hosts, --sentinel, --help)
	$(BIN)/python -m tests.chaos $(ARGS)

bench: $(INSTALLED) ## Measures what the README promises, side by side, and prints tables (ARGS=--help, ARGS=--short)
	$(BIN)/python -m benchmarks $(ARGS)

format: $(INSTALLED) ## Formats the code and repairs what can be repaired without judgement
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# --universal: one lock for every Python from 3.11 on, with markers; pip-compile knows only the Python it runs on, and the
# image runs another one than a laptop. uv writes no address of an index unless asked to: where a machine gets its
# packages from is not part of what the project needs.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

lock: $(INSTALLED) ## Pins every package with its hashes anew, from requirements*.in (ARGS=--upgrade for newer ones)
	@test -x $(BIN)/uv || { echo "This needs uv: $(BIN)/python -m pip install uv"; exit 1; }
	$(COMPILE) $(ARGS) --output-file requirements.txt requirements.in
	$(COMPILE) $(ARGS) --output-file requirements-tracing.txt requirements-tracing.in
	$(COMPILE) $(ARGS) --output-file requirements-dev.txt requirements-dev.in

screenshots: $(INSTALLED) ## Takes the README's pictures anew, of a made-up company whose both systems are the sandbox
	$(BIN)/python -m tests.browser.screenshots docs/images

# Written beside the old file first: a failure leaves the old one as it was.
docs: $(INSTALLED) ## Writes the generated pages of docs/
	$(BIN)/python -m usecases.reasons_page > docs/reasons.md.new
	mv docs/reasons.md.new docs/reasons.md
