# Every command sets up what it needs; `make help` lists them.
PYTHON ?= python3
PORT ?= 8501
GPU ?=
ONNX ?=
JAX ?=
TORCH ?=
ATARI ?=
BOX2D ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# A stamp per set of packages, so that a second call costs nothing and GPU=1 installs what is missing.
RUN_STAMP := $(VENV)/installed$(if $(GPU),-gpu)$(if $(ONNX),-onnx)$(if $(ATARI),-atari)$(if $(BOX2D),-box2d)
DEV_STAMP := $(VENV)/installed-dev$(if $(JAX),-jax)$(if $(TORCH),-torch)

.DEFAULT_GOAL := help
.PHONY: help install app test lint format train tune bench gallery clean

help:  ## List the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(RUN_STAMP)  ## Install into .venv; GPU=1, ONNX=1, ATARI=1, BOX2D=1 add CUDA, ONNX export, Atari, LunarLander

app: $(RUN_STAMP)  ## Open the app on http://127.0.0.1:8501; PORT= changes the port
	@echo "Neural Arcade: http://127.0.0.1:$(PORT)  (Ctrl-C ends it)"
	@$(BIN)/python -m streamlit run apps/app.py --server.port $(PORT)

# In the order of their names: by their numbers of tests the browser's files, of few long ones, would come last
# and leave one process idle.
test: $(RUN_STAMP) $(DEV_STAMP)  ## Run every check, the browser's too; ARGS= goes to pytest
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(RUN_STAMP) $(DEV_STAMP)  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(DEV_STAMP)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(RUN_STAMP)  ## Train a recipe: make train RECIPE=digits_cnn
	@$(BIN)/python -m training $(if $(RECIPE),train $(RECIPE) $(ARGS),list)

tune: $(RUN_STAMP)  ## Search a recipe's settings: make tune RECIPE=digits_cnn
	@$(BIN)/python -m tuning search $(or $(RECIPE),digits_cnn) $(ARGS)

bench: $(RUN_STAMP)  ## Measure; NAME=cnn measures one; TORCH=1 and JAX=1 add what it is held against
	@$(if $(JAX)$(TORCH),$(MAKE) --no-print-directory $(DEV_STAMP))
	@$(BIN)/python -m benchmarks $(NAME)

gallery: $(RUN_STAMP)  ## Train the gallery's models anew
	@$(BIN)/python -m training gallery $(RECIPE)

clean:  ## Remove the virtual environment
	rm -rf $(VENV)

$(VENV)/made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUN_STAMP): $(VENV)/made requirements.txt constraints.txt
	$(PIP) --requirement requirements.txt $(if $(GPU),'tensorflow[and-cuda]') $(if $(ONNX),onnx tf2onnx onnxruntime) $(if $(ATARI),ale-py) $(if $(BOX2D),'gymnasium[box2d]')
	@touch $@

$(DEV_STAMP): $(VENV)/made requirements-dev.txt constraints.txt
	$(PIP) --requirement requirements-dev.txt $(if $(JAX),jax flax==0.12.8 optax==0.2.8 gymnax==0.0.9) $(if $(TORCH),torch==2.13.0 stable-baselines3==2.9.2)
	@touch $@
