# `make demo` and `make test` need Python 3.11 or newer, git and make, and set up the rest.
# The same as plain commands: README.md.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
CAN_MAKE_VENV := import ensurepip; $(NEW_ENOUGH)
find_python = $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c '$(1)' 2>/dev/null && echo $$python && break; done)
ifndef PYTHON
PYTHON := $(call find_python,$(CAN_MAKE_VENV))
endif
ifeq ($(PYTHON),)
PYTHON := $(call find_python,$(NEW_ENOUGH))
endif

# The stamp holds the folder: the scripts of a moved environment point at the old place.
ifneq ($(shell $(BIN)/python -c '' 2>/dev/null && cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test setup system screen python lint ruff types imports docstrings pytest

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1: /p' Makefile

demo: setup ## set up .venv and run the whole loop on an embedded sample
	$(BIN)/segloop demo

test: screen lint pytest ## set up .venv and run every check and test

setup: $(STAMP) ## make .venv and install the package with all its extras

system: python ## install the system packages of the tests (Debian, as root)
	@$(PYTHON) scripts/system.py install

lint: ruff types imports docstrings ## run every check that is no test

ruff: setup ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## check types
	$(BIN)/mypy

imports: setup ## check that the rooms import one way
	$(BIN)/lint-imports

docstrings: setup ## check the docstrings against numpydoc
	$(BIN)/python scripts/docstrings.py

pytest: setup ## run the tests and the doctests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

screen: python
	@$(PYTHON) scripts/system.py check

python:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed and none is on the PATH.' \
		'Install it, or name it: make PYTHON=/path/to/python3' >&2; exit 2; }

# Written last, so that an interrupted installation never looks complete.
$(STAMP): pyproject.toml constraints.txt | python
	@rm -f $@
	@$(PYTHON) scripts/system.py check-venv
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1 || { grep -qs '^command = ' $(VENV)/pyvenv.cfg \
		&& ! grep -qF ' $(CURDIR)/$(VENV)' $(VENV)/pyvenv.cfg; }; then \
		echo 'Making $(VENV); the packages take some minutes and about 6 GB.'; \
		$(PYTHON) -m venv --clear $(VENV); fi
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[all,dev,bench]'
	@echo '$(CURDIR)' > $@
