# Every target sets up what it needs first, once; see .ci/prepare.
.PHONY: demo test test-long bench screenshots lint clean

export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin:/sbin
export PYTHON
# Tests are compiled once, not by every process that reads them.
export PYTHONDONTWRITEBYTECODE =
PYTEST = .venv/bin/python -m pytest
SERIAL = $(shell grep -rlw --include='test_*.py' serial tests)
BENCH =

# Puts a sample tree into a throw-away store, gets it back, and compares.
demo:
	@.ci/prepare demo
	@.venv/bin/python -m holdfast.tools.demo

# Everything a change must pass.
test: lint
	$(PYTEST) -q -n 3 -m "not long and not serial" --ignore=tests/browser  # many of them wait
	$(PYTEST) -q -n 2 -m "not long and not serial" tests/browser  # holds the loop of its process
	$(PYTEST) -q -m "serial and not long" $(SERIAL) || [ $$? -eq 5 ]  # 5: there are none

# What takes too long for every change, for example hundreds of power cuts.
test-long:
	@.ci/prepare dev
	$(PYTEST) -m long --timeout 7200

# Side by side with borg and restic; BENCH="--quick --only tree" passes options on.
bench:
	@.ci/prepare bench
	@.venv/bin/python -m holdfast.tools.benchmarks $(BENCH)

# Pictures of the gallery for README, of a throw-away server full of painted landscapes.
screenshots:
	@.ci/prepare screenshots
	@.venv/bin/python -m holdfast.tools.screenshots

lint:
	@.ci/prepare dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

clean:
	rm -rf .venv .artefacts build dist .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf .src/*.egg-info *.egg-info
