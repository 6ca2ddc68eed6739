# `make demo` and `make test` are all that a newcomer needs; both do their own set-up.
PYTHON ?= python3
# Where torch comes from, e.g. TORCH_FROM='--index-url https://download.pytorch.org/whl/cpu' for one without CUDA.
TORCH_FROM ?=
VENV   := .venv
BIN    := $(VENV)/bin
# The stamp holds a hash of everything that decides what is installed, so that an old or a moved
# environment, another Python or a changed pin is noticed, and nothing else is.
STAMP  := $(VENV)/.rrb-installed
WANTED = $(shell { cat pyproject.toml constraints.txt; $(PYTHON) -V; pwd; } | cksum)

.PHONY: setup demo test test-all lint bench bench-fit clean

setup:
	@if [ "$$(cat $(STAMP) 2>/dev/null)" != "$(WANTED)" ] || ! $(BIN)/python -c 'import rrb' 2>/dev/null; then \
	  set -e; rm -rf $(VENV); $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet -c constraints.txt $(TORCH_FROM) torch==2.13.0 setuptools; \
	  $(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --editable '.[dev]'; \
	  echo "$(WANTED)" > $(STAMP); \
	fi
	@$(BIN)/rrb doctor --compile > /dev/null

demo: setup
	$(BIN)/rrb demo --out out/demo

test: setup
	$(BIN)/python -m pytest -q -m "not slow" -n 2 --dist worksteal

test-all: setup
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --editable '.[bench]'
	$(BIN)/python benchmarks/raster.py

bench-fit: setup
	$(BIN)/python benchmarks/fit.py

clean:
	rm -rf $(VENV) out build .pytest_cache .mypy_cache .ruff_cache .hypothesis
