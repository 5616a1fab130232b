# Gatepost. `make` alone lists what can be made. Everything stays in this folder (.venv, dist); nothing needs root.
# ARGS="…" hands further arguments on, for example: make test ARGS="tests/mail -k charset"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# PYTHON=/path/to/python chooses one by hand; otherwise the first that is new enough and complete is taken.
CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python
FITS := import sys, sqlite3, ssl; sys.exit(sys.version_info < (3, 11))
BIN := .venv/bin
# One process more than there are cores, eight at most: many tests wait for a daemon to start or for a time-out.
WORKERS := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); test $$n -lt 8 && echo $$((n + 1)) || echo 8)

# A virtual environment whose interpreter has gone (an upgrade of the system) is made anew.
STALE := $(shell test -x $(BIN)/python || echo stale)

.PHONY: help
help:  ## list the targets
	@echo "Gatepost: the mail gateway of a software marketplace."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "Start with: make demo"

.PHONY: demo
demo: .venv/ready-run  ## start everything on one desk with a sample marketplace; Ctrl-C ends it
	@$(BIN)/gatepost demo $(ARGS)

.PHONY: test
test: .venv/ready-dev  ## run the tests; at the end it says what was skipped and how to get it
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: lint
lint: .venv/ready-dev  ## formatting, lint, and the direction of imports
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports --no-cache > .venv/lint-imports.log 2>&1 || { cat .venv/lint-imports.log; exit 1; }
	@echo "lint: fine"

.PHONY: types
types: .venv/ready-dev  ## mypy --strict
	@$(BIN)/mypy daemon $(if $(wildcard bench/*.py),bench)

.PHONY: check
check: lint types test  ## all gates: lint, types, test

.PHONY: docs
docs: .venv/ready-dev  ## write anew what the program knows: config.example.toml, tables of docs/, man pages
	@$(BIN)/python .ci/docs.py write

.PHONY: messages
messages: .venv/ready-dev  ## list what a language lacks; ARGS=update writes it into locale/ to be filled in
	@$(BIN)/python .ci/messages.py $(or $(ARGS),missing)

.PHONY: bench
bench: .venv/ready-dev  ## measure against stock aiosmtpd and what else is installed; prints the table
	@$(BIN)/python -m bench run $(ARGS)

.PHONY: chaos
chaos: .venv/ready-dev  ## the long proof: 1,000 kills while mail flows
	@$(BIN)/python -m pytest -m chaos $(ARGS)

.PHONY: fuzz
fuzz: .venv/ready-dev  ## property tests with a hundred times the examples, then each target of atheris for SECONDS=300
	@$(BIN)/python -m pytest --fuzz $(ARGS)
	@$(BIN)/python .ci/fuzz.py $(or $(SECONDS),300)

.PHONY: wheel
wheel: .venv/ready-dev  ## build dist/gatepost-*.whl and check what is inside
	@$(BIN)/python .ci/wheel.py build

.PHONY: setup
setup: .venv/ready-dev  ## make .venv with everything that development needs
	@true

.PHONY: lock
lock:  ## pin the newest versions that pyproject.toml allows, in requirements*.lock
	@$(MAKE) -s .venv/python-path
	@"$$(cat .venv/python-path)" .ci/venv.py lock

.PHONY: clean
clean:  ## remove .venv, dist and all caches
	@rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: stale
stale:

.venv/ready-run: requirements.lock pyproject.toml .ci/venv.py $(STALE)
	@$(MAKE) -s .venv/python-path
	@"$$(cat .venv/python-path)" .ci/venv.py run

.venv/ready-dev: requirements.lock requirements-dev.lock pyproject.toml .ci/venv.py $(STALE)
	@$(MAKE) -s .venv/python-path
	@"$$(cat .venv/python-path)" .ci/venv.py dev

.PHONY: .venv/python-path
.venv/python-path:
	@mkdir -p .venv
	@for candidate in $(CANDIDATES); do \
	  if "$$candidate" -c '$(FITS)' 2>/dev/null; then \
	    "$$candidate" -c 'import sys; print(sys.executable)' > $@; exit 0; \
	  fi; \
	done; \
	echo "Gatepost needs Python 3.11 or newer with its sqlite3 and ssl modules; none was found."; \
	echo "  Tried: $(CANDIDATES)"; \
	echo "  Debian and Ubuntu: apt-get install python3 python3-venv. Another place: make PYTHON=/path/to/python3.12 …"; \
	rm -f $@; exit 1
