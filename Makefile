# make run    set everything up, try Philo on examples/, then serve the web page
# make demo   the same, but end after the answers
# make test   set everything up and run all fast tests (WORKERS=2 processes)
# make test-long  the tests that take hours: soak, fuzz and kill loops in full length
# make check  style, types
# make lock   docker/locks again: every package of the images with its hashes
# make screenshots  docs/screenshots again, of every view of the page
# make sbom   dist/service.cdx.json: the image's bill of materials
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PHILO_DATA ?= $(CURDIR)/.philo
PORT ?= 8501
WORKERS ?= 2

.PHONY: run demo test test-long check lock screenshots sbom setup clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# //p' Makefile

run: demo
	@echo
	@$(BIN)/philo up --port $(PORT)

demo: $(VENV)/.models
	@$(BIN)/python examples/demo.py

test: $(VENV)/.ready-dev
	@tests/install_tools.sh
	@$(BIN)/philo models pull smollm2-135m-instruct multilingual-e5-small multilingual-e5-small-reader all-minilm-l6-v2
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --durations=40 --durations-min=8

test-long: $(VENV)/.ready-dev
	@tests/install_tools.sh
	@$(BIN)/philo models pull smollm2-135m-instruct multilingual-e5-small multilingual-e5-small-reader all-minilm-l6-v2
	$(BIN)/python -m pytest -m long --timeout 14400

check: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: $(VENV)/.ready-dev
	$(BIN)/python docker/make_locks.py

screenshots: $(VENV)/.ready-dev
	@tests/install_tools.sh
	$(BIN)/python -m pytest tests/browser/take_screenshots.py

sbom: $(VENV)/.ready-dev
	@mkdir -p dist
	docker/make_sbom.sh dist/service.cdx.json

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Philo needs Python 3.11 or newer; name one with: make run PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing pinned dependencies into $(VENV) (the first time: two minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.models: $(VENV)/.ready
	@$(BIN)/philo models pull
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) .philo
