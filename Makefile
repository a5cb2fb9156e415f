# `make demo` and `make test` set up what is missing; the others do too.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OUT := out

.PHONY: demo app test check figures bench clean
.DEFAULT_GOAL := demo

# torch comes first and alone, so that no dependency asks for a build with CUDA libraries. TORCH_OPTIONS goes to pip
# for it: an index with CPU builds, say.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch $(TORCH_OPTIONS)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[app,oidc]' --group dev
	touch $@

demo: $(READY)
	@mkdir -p $(OUT)
	@$(BIN)/ipt-nlp annotate src/ipt_nlp/examples/session.txt --output $(OUT)/session.jsonl
	@$(BIN)/ipt-nlp annotate src/ipt_nlp/examples/session.txt --output $(OUT)/session.html --json > $(OUT)/summary.json
	@echo "Open $(OUT)/session.html in a browser to read the session with its tags; 'make app' opens the app."

app: $(READY)
	@$(BIN)/ipt-nlp app

test: $(READY)
	$(BIN)/python -m pytest $(PYTEST)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

figures: $(READY)
	$(BIN)/python scripts/figures.py

bench: $(READY)
	$(BIN)/python scripts/bench_annotate.py
	$(BIN)/python scripts/bench_store.py
	$(BIN)/python scripts/bench_app.py

clean:
	rm -rf $(VENV) $(OUT)
