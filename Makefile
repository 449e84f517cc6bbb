# make setup | demo | test | test-browser | test-long | lint: each sets up .venv by itself where that is missing.
PYTHON ?= python3
PORTRAIT ?=
TEXT ?= Hello. This picture has learned to speak, and nobody had to record a voice.

BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: setup demo test test-browser test-long lint
override TEXT := $(value TEXT)
override PORTRAIT := $(value PORTRAIT)
export TEXT PORTRAIT

setup: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))' \
	  || { echo "ttsf needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e ".[dev]"
	touch $@

demo: $(STAMP)
	@mkdir -p out
	$(BIN)/ttsf speak "$${PORTRAIT:-examples/astronaut.jpg}" "$$TEXT" --output out/demo.mp4

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

test-browser: $(STAMP)
	$(BIN)/python -m pytest tests/browser -m browser -rs

test-long: $(STAMP)
	$(BIN)/python -m pytest tests/serve -m long -rs

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
