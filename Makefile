# The contributor's interface: demo, test, check, bench, eval, docs. Needs Python 3.11 or newer with pip, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK := requirements/dev.txt
UV := $(shell command -v uv 2>/dev/null || echo $(VENV)/uv/bin/uv)

.PHONY: demo test check bench eval docs lock install clean

install: $(STAMP)

$(STAMP): $(LOCK) pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null 2>&1 || test -x $(VENV)/uv/bin/uv || { $(PYTHON) -m venv $(VENV)/uv && $(VENV)/uv/bin/pip -q install uv; }
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r $(LOCK)
	$(UV) pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@

demo: install
	$(BIN)/nextcloud-mcp-server demo

test: install
	$(BIN)/python -m scripts.test

check: install
	$(BIN)/python -m scripts.check

bench: install
	$(BIN)/python -m benchmarks $(ONLY)

eval: install
	$(BIN)/nextcloud-mcp-server eval $(COLLECTION)

docs: install
	$(BIN)/python -m scripts.docs

lock:
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras --group dev pyproject.toml -o requirements/dev.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras pyproject.toml -o requirements/all.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/base.txt

clean:
	rm -rf $(VENV) build dist
