# `make demo` shows what Shoal does, `make test` shows that it is right. Both set up first.
VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
BUILT := $(VENV)/.built
KERNELS := $(wildcard ext/*.pyx ext/*.pxd)
DEMO := out/demo
PYTEST_OPTIONS ?=
PYTEST := $(PYTHON) -m pytest -n 2 $(PYTEST_OPTIONS)

.PHONY: help setup demo test test-long lint docs bench clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(BUILT)  ## make .venv, install everything, build the kernels (quick when nothing changed)

$(PYTHON):
	@if python3 -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; \
	then python3 -m venv $(VENV); else python3.12 -m venv $(VENV); fi

$(INSTALLED): pyproject.toml setup.py constraints.txt | $(PYTHON)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt setuptools Cython
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--no-build-isolation --editable '.[dev]'
	@touch $@

$(BUILT): $(INSTALLED) $(KERNELS)
	$(PYTHON) setup.py --quiet build_ext --inplace
	@ls ext/*.so >/dev/null 2>&1 || echo "No kernel was compiled: Shoal runs on their Python twins, with the same results."
	@touch $@

demo: setup  ## run the study `crash` on generated prices and write a report
	$(VENV)/bin/shoal run crash --out $(DEMO)

test: setup  ## all tests, on the compiled kernels and then on their Python twins
	$(PYTEST)
	SHOAL_PURE=1 $(PYTEST) --cov-append

test-long: setup  ## the tests marked `long`, with ten times the random examples
	SHOAL_EXAMPLES=1000 $(PYTHON) -m pytest -n 2 -m 'long or not long'

lint: setup  ## ruff, mypy --strict, layers
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

docs: setup  ## build the documentation; the gallery's examples run
	$(PYTHON) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "The documentation lies at docs/_build/html/index.html"

bench: setup  ## measure the budgets: import time, help time, installed sizes
	$(PYTHON) benchmarks/budgets.py

clean:  ## forget what was built (keeps .venv)
	rm -rf build dist docs/_build docs/gallery docs/api/generated htmlcov .coverage .coverage.* \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis ext/*.c ext/*.so $(BUILT)
