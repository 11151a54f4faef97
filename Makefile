# The project's commands; each sets up what it needs inside .venv, and a second call does not repeat it.

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo test validate qualify bench fine claims emulate calibrate lint types layers docs pages lock browser peers clean symptoms

VENV := .venv
BIN := $(VENV)/bin
# The first Python on the path that is new enough.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN := $(VENV)/run.stamp
ALL := $(VENV)/all.stamp
# The benchmarks and their peers have an environment of their own, which no test needs.
BENCH := .venv-bench
PEERS := $(BENCH)/all.stamp

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(RUN) ## Run the worked example at draft quality and say where its report is
	@rm -rf runs/demo
	$(BIN)/trephine run src/trephine/cli/examples/femur-nonunion.toml --quality draft --out runs/demo
	@echo "Open $(CURDIR)/runs/demo/report.html in a browser."

test: $(ALL) browser lint types layers ## Check style, types and layers, then run every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

validate: $(ALL) ## Ask the healing model what is known and write what it answers; FINE=1 for 0.5 mm too
	$(BIN)/python validation/all.py $(if $(FINE),--fine)

symptoms: $(ALL) ## Fit what is known of pain and function anew, cross-validate it and write its scores
	$(BIN)/python validation/symptoms.py --fit

qualify: $(ALL) ## Run verification, every trial and every condition, and write the scorecard; most of an hour
	($(BIN)/python validation/symptoms.py && $(BIN)/python validation/hips.py && \
	  $(BIN)/python validation/regenerate.py series patients force) & conditions=$$!; \
	$(BIN)/python validation/qualify.py --workers 2; status=$$?; \
	wait $$conditions && $(BIN)/python docs/generate.py && exit $$status

bench: $(PEERS) peers ## Measure speed, memory and error beside peers, and write the page
	for subject in dose_chain memory_bound transport balance elasticity course; do \
	  $(BENCH)/bin/python benchmarks/$$subject.py --write || exit 1; done

fine: $(PEERS) ## Measure a whole course at 0.5 mm, which takes long
	$(BENCH)/bin/python benchmarks/course.py --fine --write

claims: $(ALL) ## Test by simulation what public descriptions claim, and write it into the ledger
	$(BIN)/python validation/claims.py

emulate: $(ALL) ## Make the emulator of the healing engine from nothing, which takes long
	$(BIN)/python benchmarks/emulator.py --make --write

calibrate: $(ALL) ## Fit the unknowns of healing and product anew; ENGINE=1 sets the engine beside it
	$(BIN)/python validation/calibration.py $(if $(ENGINE),--engine)

lint: $(ALL) ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(ALL) ## Check types
	$(BIN)/mypy

layers: $(ALL) ## Check that imports point down
	$(BIN)/lint-imports

pages: $(ALL) ## Write the pages of the documentation that are made from code and catalogue
	$(BIN)/python docs/generate.py

docs: $(ALL) ## Build the documentation into site/; refuses a broken link
	$(BIN)/zensical build --clean --strict

lock: $(ALL) ## Resolve the locked requirements anew
	.ci/lock $(BIN)/uv

browser: ## Install a headless browser for the browser tests, if that can be done
	@.ci/browser

peers: ## Install the finite-element codes that have no Python package, if that can be done
	@.ci/peers

clean: ## Remove the environment, caches and built pages; runs stay
	rm -rf $(VENV) $(BENCH) site dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(PEERS): requirements/bench.lock requirements/installer.lock pyproject.toml
	@.ci/environment "$(PYTHON)" $(BENCH) requirements/bench.lock
	@touch $@

$(RUN): requirements/run.lock requirements/installer.lock pyproject.toml
	@.ci/environment "$(PYTHON)" $(VENV) requirements/run.lock
	@touch $@

$(ALL): requirements/all.lock requirements/installer.lock pyproject.toml
	@.ci/environment "$(PYTHON)" $(VENV) requirements/all.lock
	@touch $@ $(RUN)
