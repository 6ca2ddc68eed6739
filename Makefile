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

# Blender, for photoreal pictures: in an environment of its own, because it pins another NumPy and is GPL.
PHOTO_PYTHON ?= $(PYTHON)
PHOTO        := .venv-photoreal
PHOTO_STAMP  := $(PHOTO)/.rrb-installed
PHOTO_WANTED = $(shell { cat constraints-photoreal.txt; $(PHOTO_PYTHON) -V; pwd; } | cksum)
# What Blender loads of the system, by the names of Debian and Ubuntu.
PHOTO_NEEDS  := libx11-6 libxext6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libgl1 libsm6 libice6

.PHONY: setup photoreal demo test test-all lint bench bench-fit bench-rrb bench-egomotion clean

setup:
	@if [ "$$(cat $(STAMP) 2>/dev/null)" != "$(WANTED)" ] || ! $(BIN)/python -c 'import rrb' 2>/dev/null; then \
	  set -e; rm -rf $(VENV); $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet -c constraints.txt $(TORCH_FROM) torch==2.13.0 setuptools; \
	  $(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --editable '.[dev]'; \
	  echo "$(WANTED)" > $(STAMP); \
	fi
	@$(BIN)/rrb doctor --compile > /dev/null

photoreal:
	@if [ "$$(cat $(PHOTO_STAMP) 2>/dev/null)" != "$(PHOTO_WANTED)" ]; then \
	  set -e; \
	  $(PHOTO_PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	    { echo "$$($(PHOTO_PYTHON) -V): Blender's bpy is for Python 3.11; make photoreal PHOTO_PYTHON=python3.11"; exit 1; }; \
	  rm -rf $(PHOTO); $(PHOTO_PYTHON) -m venv $(PHOTO); \
	  $(PHOTO)/bin/python -m pip install --quiet -c constraints-photoreal.txt bpy numpy; \
	  $(PHOTO)/bin/python -c 'import bpy' || \
	    { echo "Blender does not load; libraries of the system may be missing: apt-get install $(PHOTO_NEEDS)"; exit 1; }; \
	  echo "$(PHOTO_WANTED)" > $(PHOTO_STAMP); \
	fi

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

bench-rrb: setup
	$(BIN)/python benchmarks/rrb.py

# The opponent needs OpenCV; films are photoreal after `make photoreal`.
bench-egomotion: setup
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --editable '.[bench]'
	$(BIN)/python benchmarks/egomotion.py

clean:
	rm -rf $(VENV) $(PHOTO) out build .pytest_cache .mypy_cache .ruff_cache .hypothesis
