# make setup | demo | test | test-browser | test-long | test-ray | test-wheel | docs | fuzz | audit | lint:
# each sets up what it needs.
PYTHON ?= python3
PORTRAIT ?=
INPUTS ?= 100
TEXT ?= Hello. This picture has learned to speak, and nobody had to record a voice.

BIN := .venv/bin
PLAIN := .venv/.installed
STAMP := .venv/.ready

.PHONY: setup demo test test-browser test-long test-ray test-wheel docs fuzz audit lint
override TEXT := $(value TEXT)
override PORTRAIT := $(value PORTRAIT)
export TEXT PORTRAIT

setup: $(STAMP)

$(PLAIN): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))' \
	  || { echo "ttsf needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e .
	touch $@

$(STAMP): $(PLAIN)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e ".[dev]"
	touch $@

demo: $(PLAIN)
	@mkdir -p out
	$(BIN)/ttsf speak "$${PORTRAIT:-docs/pictures/astronaut.jpg}" "$$TEXT" --output out/demo.mp4

# The types are checked beside the tests, so that neither waits for the other.
test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy & types=$$!; \
	  OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal --durations=15; tests=$$?; \
	  wait $$types && exit $$tests

test-browser: $(STAMP)
	$(BIN)/python -m pytest tests/serve/page -m browser -rs

# Kills, floods, and the paper's run to its tables, which need the evaluation's packages.
test-long: $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -e ".[train,data,eval]"
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps resemblyzer
	$(BIN)/python -m pytest -m long -rs

# The tests of the server with its engines on a Ray cluster that is started here; some minutes. Ray
# Serve wants another protobuf than MediaPipe: an environment of its own.
test-ray:
	test -x .venv-ray/bin/python || $(PYTHON) -m venv .venv-ray
	.venv-ray/bin/python -m pip install --disable-pip-version-check --quiet -e ".[cluster]" \
	  pytest httpx openai scikit-image
	TTSF_TEST_ENGINE=ray .venv-ray/bin/python -m pytest tests/serve -rs

# The wheel alone, in empty environments of every Python at hand; some minutes and GB.
test-wheel:
	bash deploy/try_packages.sh

docs:
	test -x .venv-docs/bin/mkdocs || $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/pip install --disable-pip-version-check --quiet "mkdocs>=1.6,<2"
	.venv-docs/bin/mkdocs build --quiet --strict --config-file deploy/mkdocs.yml

# INPUTS of each kind (dev/fuzzing.md); 100 take some minutes, INPUTS=1250 a night.
fuzz: $(STAMP)
	TTSF_FUZZ_INPUTS=$(INPUTS) $(BIN)/python -m pytest tests/system/test_fuzz.py -s

# Known flaws of what is installed, and a list of it (SBOM). Asks PyPI itself: a mirror without its
# list of flaws leaves every package out, which is a failure.
audit: $(STAMP)
	@mkdir -p out
	test -x .venv-audit/bin/pip-audit || $(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet "pip-audit>=2.9" "cyclonedx-bom>=7"
	.venv-audit/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml --output-file out/sbom.json
	.venv-audit/bin/pip-audit --requirement deploy/constraints-hashes.txt --require-hashes --disable-pip --strict

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
