# `make` prints what can be done. All of it happens in .venv, which the first command builds from the hash-locked files.
#
#   PYTHON=python3.11    the Python of .venv, which is built anew if it has another; otherwise the newest one here that serves
#   ARGS="--date ..."    passed on to the command of `run`, `test`, `sweep`, `bench`, `lock` and others

PYTHON ?=
ARGS ?=
COUNT ?= 30
COIN ?= bitcoin

python := .venv/bin/python
pip := $(python) -I .ci/pip_install.py

.DEFAULT_GOAL := help
.PHONY: help install run replay prove why docs test long browser tools selftest sweep rooms sources faults matrix alarms reference check format pictures growth bench lock audit clean

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

install: .venv/.installed ## Build .venv (Python 3.10 to 3.12, PYTHON=... names one); the other targets do it when needed

run: .venv/.installed ## Draw the week: run the whole pipeline, with sample data if CoinGecko does not answer
	@$(python) -m btc_pipeline run $(ARGS)

test: .venv/.installed ## Run the tests, on all cores (ARGS="-k chart" and the like are passed on)
	@$(python) -m pytest $(on_all_cores) $(ARGS)

long: .venv/.installed ## Run the tests that need many runs of the pipeline: faults, kills, many coins, the wheel
	@$(python) -m pytest -m "long and not sweep" $(on_all_cores) $(ARGS)

browser: .venv/.installed-tools ## Test the report in a real Chromium (CHROMIUM=... names one; SCREENSHOTS=FOLDER keeps its pictures)
	@$(python) -m pytest -m browser $(ARGS)

tools: .venv/.installed-tools ## Test that the tools of others read what is published, as docs/reading-the-data.md shows
	@$(python) -m pytest -m tools $(ARGS)

replay: .venv/.installed ## Rebuild all from the raw archive and compare with what is published (ARGS="--as-of INSTANT": print the candles of then)
	@$(python) -m btc_pipeline replay $(ARGS)

prove: .venv/.installed ## Once a week: does the raw archive give the whole published history again? (ARGS="--pipeline-source sample")
	@$(python) -m luigi --module btc_pipeline ProveHistory --local-scheduler $(ARGS)

why: .venv/.installed ## Why does a candle look like this? (COIN=bitcoin DAY=-1d)
	@$(python) -m btc_pipeline why $(COIN) $(DAY) $(ARGS)

docs: .venv/.installed ## Write the models' documentation, with lineage from source to chart, to data/docs/index.html
	@$(python) -m btc_pipeline.commands.dbt_docs

selftest: .venv/.installed ## Inject faults into sample data, one at a time: which check catches which? A missed one fails
	@$(python) -m btc_pipeline selftest $(ARGS)

sweep: .venv/.installed ## Run the long randomised tests: COUNT rounds, and as many cases of each group (default 30)
	@SWEEP_COUNT=$(COUNT) SWEEP_SEED=$${SWEEP_SEED:-$$(date +%s)} $(python) -m pytest -m sweep $(on_all_cores) $(of_a_story) $(ARGS)

rooms: .venv/.installed ## Print which room of the package imports which
	@$(python) -m tests.house.rooms

sources: .venv/.installed ## Write the list of the files that make each step's output, from the imports
	@$(python) -m btc_pipeline.commands.step_sources

faults: .venv/.installed ## Write docs/faults.md and docs/environment.md from the tables of what may go wrong
	@$(python) -m tests.e2e.faults
	@$(python) -m tests.e2e.environments

matrix: .venv/.installed ## Write docs/bad-answers.md: what becomes of each kind of bad answer (ARGS="twin": print those with this word)
	@$(python) -m tests.sweeps.matrix $(ARGS)

alarms: .venv/.installed ## Write docs/false-alarms.md: how often a check speaks although nothing is wrong (ARGS=year or ARGS=crashes: print it)
	@$(python) -m tests.sweeps.false_alarms $(ARGS)

reference: .venv/.installed ## Write what comes from the code: luigi.cfg, and the pages of commands, exit codes, settings, tables
	@$(python) -m docs.reference

check: .venv/.installed-dev ## Check format, lint, types, SQL style and what `make reference` writes; changes nothing
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy
	$(python) -m sqlfmt --no-progressbar --check dbt_project
	$(python) -m btc_pipeline.commands.step_sources --check
	$(python) -m docs.reference --check

format: .venv/.installed-dev ## Put Python and SQL into the project's format
	$(python) -m ruff check --fix-only .
	$(python) -m ruff format .
	$(python) -m sqlfmt --no-progressbar dbt_project

pictures: .venv/.installed-tools ## Draw the pictures of README and docs again, from sample data
	@$(python) -m docs.pictures

growth: .venv/.installed ## One more daily run after a year, against one after eight days
	@$(python) -m bench growth 365 --rounds 1 --most 1.5

bench: .venv/.installed ## Measure the pipeline against bare Luigi and a bare script
	@$(python) -m bench $(ARGS)

lock: .venv/.installed ## Resolve the .in files into the hash locks (ARGS=--upgrade: to the newest versions)
	echo pip | $(compile) - --output-file requirements-pip.lock
	$(compile) --override requirements-override.in requirements.in --output-file requirements.lock
	$(compile) requirements-dev.in --output-file requirements-dev.lock
	$(compile) requirements-tools.in --output-file requirements-tools.lock

audit: ## Ask which pins have published advisories, for one Python (PYTHON=... names it; needs pipx and the network)
	@pipx run --python '$(or $(PYTHON),python3)' --spec pip-audit==2.10.1 pip-audit -s osv --strict --disable-pip \
		--require-hashes --progress-spinner off $(accepted:%=--ignore-vuln %) $(patsubst %,-r %,$(wildcard *.lock)) $(ARGS)

clean: ## Remove what was built: .venv and caches, never data/
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache dbt_project/target dbt_project/logs
	find . -path ./data -prune -o -name __pycache__ -prune -exec rm -rf {} +

# The tests of a file share what they have run, so they stay together; in the order of tests/conftest.py.
on_all_cores = -n auto --dist loadfile --no-loadscope-reorder

# A story of sixty nights is one test, which a busy machine needs up to two hours for (tests/support/watchdog.py).
of_a_story = -o faulthandler_timeout=9600

# The locks hold for every Python that serves. pip refuses a package that asks for an extra which the lock stripped.
compile = .venv/bin/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-strip-extras \
	--custom-compile-command 'make lock' $(ARGS)

# Advisories without a way out (docs/decisions/0015): black, whose fix needs another pathspec than dbt.
accepted := CVE-2026-32274

# Another Python or other modules than those of .venv, in all that make starts.
unexport PYTHONHOME PYTHONPATH PYTHONPLATLIBDIR PYTHONSAFEPATH

# A .venv belongs to one folder and one Python: its scripts and its link to the project hold the path. The stamp says to which.
# Where it does not fit (the folder was renamed or copied, the Python has gone or is another one), .venv is built anew.
here := $(CURDIR) $(realpath $(python))
stamp := $(shell cat .venv/.installed 2>/dev/null)
other := $(if $(PYTHON),$(shell test "$$(PYTHON='$(PYTHON)' $(SHELL) .ci/find-python)" -ef $(python) || echo other))
ifneq ($(here)$(other),$(stamp))
.PHONY: .venv/.installed
endif

# Always from scratch, and the stamp comes last: whatever interrupted or outdated an installation, the next make heals it.
# pip and not uv, because pip obeys the user's own configuration, mirrors included (which of it: .ci/pip_install.py). The newer pip is twice as fast as the one that
# Python brings. Bytecode is compiled here, on all cores and even under PYTHONDONTWRITEBYTECODE: without it imports take twice as long.
# `-I` hides the current folder: prepare runs only if .venv itself leads to the project.
.venv/.installed: requirements-pip.lock requirements.lock setup.cfg $(python)
	$(eval found := $(shell PYTHON='$(PYTHON)' $(SHELL) .ci/find-python))
	$(if $(filter /%,$(firstword $(found))),,$(error $(found)))
	@echo 'Installing into .venv with $(found): about a minute, this once ...' >&2
	@rm -f .venv/.installed*
	@'$(found)' -m venv --clear .venv
	@$(pip) --require-hashes --no-deps -r requirements-pip.lock
	@$(pip) --require-hashes --no-deps --no-compile -r requirements.lock
	@$(pip) --no-index --no-deps --no-build-isolation --editable .
	@$(python) -m compileall -qq -j 0 .venv/lib btc_pipeline
	@$(python) -c 'import matplotlib.font_manager' # builds its font cache, 2 s that the first run need not spend
	@$(python) -I -m btc_pipeline.commands.prepare
	@$(python) -I -c 'import os, sys; print(os.getcwd(), os.path.realpath(sys.executable))' >$@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	@echo 'Installing the tools of make check: some seconds, this once ...' >&2
	@$(pip) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

.venv/.installed-tools: .venv/.installed requirements-tools.lock
	@echo 'Installing a browser driver and the tools of others: half a minute, this once ...' >&2
	@$(pip) --require-hashes --no-deps -r requirements-tools.lock
	@touch $@

# Without a recipe: where the interpreter behind .venv has gone or was replaced, .venv is built anew.
$(python):
