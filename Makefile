# `make run` starts Wardround, `make test` proves it. Everything they need is installed into .venv by themselves.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
# pip compiles on one core; some packages hold files that are not meant for this Python
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
COMPILE = $(BIN)/python -m compileall -qq -j 0 .venv/lib || true
# what failed is tried once more, alone; a run that broke off (any code but 1) is not
AGAIN = $(BIN)/python -m pytest -q -rA --last-failed --last-failed-no-failures none

.PHONY: run test lint fmt readme screenshot bench check
.DEFAULT_GOAL := check

check: lint test

.venv/.runtime: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) -r requirements.txt
	$(COMPILE)
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	$(INSTALL) -r requirements-dev.txt
	$(COMPILE)
	@touch $@

run: .venv/.runtime
	$(BIN)/streamlit run app.py --server.port $(PORT)

tests/browser/node_modules/.installed: tests/browser/package.json
	npm install --prefix tests/browser --no-package-lock --no-audit --no-fund --silent
	@touch $@

# more processes than cores, for many tests wait. What an assertion compares is told by the second try: to prepare all of
# them takes each process longer than to collect the tests. Compiled modules are kept, for dozens of programs start
test: export PYTHONDONTWRITEBYTECODE :=
test: .venv/.dev tests/browser/node_modules/.installed
	$(BIN)/python tests/browser/ensure_chromium.py
	$(BIN)/python -m pytest -q -n 3 --dist worksteal --cache-clear --assert=plain || { test $$? -eq 1 && $(AGAIN); }

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers auto

fmt: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

readme: .venv/.runtime
	$(BIN)/python docs/readme.py

screenshot: .venv/.dev
	$(BIN)/python tests/browser/ensure_chromium.py
	$(BIN)/python demo/screenshot.py

bench: .venv/.dev
	for script in bench/*.py; do $(BIN)/python $$script || exit 1; done
