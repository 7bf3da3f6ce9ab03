# All set-up happens here, once: `make demo` on a fresh machine flies the default scenario, `make test` runs every check.

BIN := .venv/bin
SETUP := .venv/.installed
ORACLES := build/oracles
PEERS := build/interop
NATIVE := $(filter-out %/_native.c,$(wildcard setup.py $(foreach folder,hal/native sim/constellation,\
	$(folder)/*.c $(folder)/*.h $(folder)/build.py)))

.DEFAULT_GOAL := help
.PHONY: help setup demo test style types contracts tests oracles interop fuzz lock clean
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## the virtual environment .venv, from the hashed lock

demo: $(SETUP) ## set-up, then the default scenario: live view, summary, report
	@$(BIN)/penumbra fly

test: style types contracts tests ## set-up, then every check and test, with branch coverage

style: $(SETUP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(SETUP)
	$(BIN)/mypy

contracts: $(SETUP)
	$(BIN)/lint-imports

# Doctests count as tests: an example in a docstring that is not run is a claim.
tests: $(SETUP)
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile \
		--doctest-modules --ignore=tools/model/train --cov --cov-branch --cov-report=term \
		tests hal fsw sim tools

# Half a gigabyte of other programs, in an environment of their own: nothing else needs them.
oracles: $(ORACLES)/.installed ## opt-in: Basilisk, sgp4, skyfield and radbelt run live, held against the physics
	$(ORACLES)/bin/python -m pytest -m oracle -p no:cacheprovider tests/oracles

$(ORACLES)/.installed: requirements/oracles.txt
	@python3 -m venv $(ORACLES)
	@echo "set-up: $(ORACLES), some minutes" && $(ORACLES)/bin/python -m pip --disable-pip-version-check install -qq --no-input \
		--require-hashes --requirement $<
	@touch $@

# Other people's implementations, in an environment of their own. A peer that is missing fails the run.
interop: $(PEERS)/.installed ## our packets, files and database against other people's implementations
	$(PEERS)/bin/python -m pytest --peers -p no:cacheprovider tests/interop

$(PEERS)/.installed: requirements/interop.txt
	@python3 -m venv $(PEERS)
	@echo "set-up: $(PEERS), a minute or two" && $(PEERS)/bin/python -m pip --disable-pip-version-check install --no-input \
		--require-hashes --requirement $< >$(PEERS)/setup.log 2>&1 || \
		{ tail -n 12 $(PEERS)/setup.log | sed -e 's#[a-z+]*://[^ ,)]*#(address)#g' >&2; exit 1; }
	@touch $@

fuzz: $(SETUP) ## a million mutated and random inputs to every entrance: nothing escapes, every reject is counted
	$(BIN)/penumbra bench fuzz --inputs 1000000 --json

lock: $(SETUP) ## the locks again from requirements/*.in, newest versions that fit
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install -qqq uv
	@for set in flight tools dev oracles interop; do echo "locking $$set" && cd requirements && ../$(BIN)/python -m uv pip compile --quiet \
		--upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
		--output-file $$set.txt $$set.in && cd .. || exit 1; done

clean: ## removes .venv, caches, builds and runs
	rm -rf .venv build runs htmlcov *.egg-info .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find hal fsw sim tools tests -name __pycache__ -prune -exec rm -rf {} +
	rm -f $(foreach folder,hal/native sim/constellation,$(folder)/*.so $(folder)/*.o $(folder)/_native.c)

$(SETUP): tools/setup.sh requirements/dev.txt pyproject.toml $(NATIVE)
	@sh tools/setup.sh requirements/dev.txt
	@touch $@
