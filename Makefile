# Every target stands alone: it makes the virtual environment it needs, once.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= demo

# A few clips of performers that the training has not seen.
HELD_OUT = $$(grep ,test $(DEMO)/run/split.csv | awk 'NR % 83 == 1' | cut -d, -f1 | head -6 | sed 's|^|$(DEMO)/clips/|')

.PHONY: demo test slow lint type fmt bench install clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev,tensorboard,onnx,camera,tune,web,ray,postgres,search,heic]"
	touch $@

demo: install
	$(BIN)/vidclf synth gestures --out $(DEMO)/clips --clips-per-class 200 --performers 100 --seed 8
	$(BIN)/vidclf train configs/demo.yaml data.root=$(DEMO)/clips out=$(DEMO)/run --overwrite
	$(BIN)/vidclf evaluate $(DEMO)/run --json $(DEMO)/scores.json
	$(BIN)/vidclf predict $(DEMO)/run $(HELD_OUT)
	@echo "open $(DEMO)/run/report.html (plots: $(DEMO)/run/curves.png, $(DEMO)/run/confusion.png)"

test: install
	$(BIN)/python -m pytest

slow: install
	$(BIN)/python -m pytest -m slow

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: install
	$(BIN)/mypy

fmt: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[bench]"
	$(BIN)/python benchmarks/bench_decode.py --json benchmarks/results/decode.json

clean:
	rm -rf $(VENV) $(DEMO)
