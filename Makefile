# Everyday commands. Everything runs in .venv, which is made from the lock files in envs/ when these change: studies with
# what they need, tests and lint with what working on the project needs besides.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ifneq ($(words $(CURDIR)),1)
$(error glossbench: the path of this folder, $(CURDIR), has a space, with which Snakemake starts no job; move the folder)
endif
export PATH := $(CURDIR)/$(BIN):$(PATH)
STUDY ?=
ARGS ?=
FROM ?=
ONLY ?=
OUT ?=
MIRROR ?=
DIGEST ?=
COMMAND = PYTHONPATH=scripts python -m glossbench
# what Snakemake itself would answer with a traceback
CHECK = @$(COMMAND) check $(STUDY) -- $(ARGS)
# removes the lock of a killed Snakemake, unless another is at work here
UNLOCK = @$(COMMAND) unlock $(STUDY) -- $(ARGS)
# on a terminal one bar instead of a page of lines (scripts/snakemake_logger_plugin_glossbench)
SNAKEMAKE = PYTHONPATH=scripts snakemake $$(test -t 2 && echo --logger=glossbench)
# last, since it takes all that follows it for files
CONFIG = $(if $(STUDY),--configfile $(STUDY))
SOURCES := scripts tests examples benchmarks envs
RULES := Snakefile workflow/Snakefile $(wildcard rules/*.smk)

.PHONY: help demo study plan status partial pack import verify test test-fast bench gpu golden lint format docs lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: override STUDY :=
demo: study  ## run the default study and print where its report is
	@echo "report: results/quick/report.html"

study: $(VENV)/ready  ## run another study: make study STUDY=config/paper.yaml
	$(CHECK)
	$(UNLOCK)
	$(SNAKEMAKE) $(ARGS) $(CONFIG)

plan: $(VENV)/ready  ## hours and disk of a study on an A100, or at the speed of runs: FROM=results/quick/runs.parquet
	@$(COMMAND) plan $(STUDY) $(if $(FROM),--from $(FROM)) $(ARGS)

status: $(VENV)/ready  ## runs of a study that are done, at work, waiting or failed
	@$(COMMAND) status $(STUDY) $(ARGS)

partial: $(VENV)/ready  ## all evidence from the runs of a study that are finished so far
	$(CHECK)
	snakemake partial $(ARGS) --nolock $(CONFIG)

pack: $(VENV)/ready  ## an archive of a study: its finished runs and its evidence: make pack STUDY=config/tiny.yaml
	@$(COMMAND) pack $(STUDY) $(ARGS)

import: $(VENV)/ready  ## place packed runs into a study: make import ARCHIVE=runs.tar.xz STUDY=config/tiny.yaml
	@$(COMMAND) import $(ARCHIVE) $(STUDY) $(ARGS)

verify: $(VENV)/ready  ## check an archive: make verify ARCHIVE=results/quick/quick.tar.xz DIGEST=sha256
	@$(COMMAND) verify $(ARCHIVE) $(if $(DIGEST),--digest $(DIGEST))

test: $(VENV)/work-ready  ## the whole test suite, on all cores and one more
	pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: $(VENV)/work-ready  ## the tests that take seconds
	pytest -m "not slow" -n auto --dist worksteal $(ARGS)

bench: $(VENV)/ready  ## measure time and memory, in 17 minutes on two cores: make bench ONLY=step,graph
	PYTHONPATH=scripts:. python -m benchmarks.bench --only "$(ONLY)" -- $(ARGS)

gpu: $(VENV)/work-ready  ## test and benchmark a GPU, without a network, in 8 minutes: make gpu MIRROR=../mirror ONLY=rates OUT=results/gpu
	@PYTHONPATH=scripts:. python -m benchmarks.gpu --only "$(ONLY)" $(if $(OUT),--out "$(OUT)") $(if $(MIRROR),--mirror "$(MIRROR)") $(ARGS)

golden: $(VENV)/work-ready  ## the numbers of the golden run anew, where NUMERICS was raised
	PYTHONPATH=scripts:. python tests/learning/test_golden_run.py

lint: $(VENV)/work-ready  ## ruff, snakefmt, codespell, mypy and snakemake --lint
	ruff check $(SOURCES)
	ruff format --check $(SOURCES)
	snakefmt --check $(RULES)
	codespell
	mypy
	snakemake --lint

format: $(VENV)/work-ready  ## format all code
	ruff check --fix $(SOURCES)
	ruff format $(SOURCES)
	snakefmt $(RULES)

docs: $(VENV)/ready  ## bring the pages that are made from the repository up to date
	snakemake --rulegraph mermaid-js --forceall --configfile config/tiny.yaml | PYTHONPATH=scripts python -m glossbench.pages

lock: $(VENV)/work-ready  ## lock what envs/*.in ask for; newer versions with ARGS=--upgrade
	python envs/lock.py envs $(ARGS)

clean:  ## remove the environment and caches; downloads and results stay
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/ready: envs/requirements.txt envs/torch.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes --no-deps -r envs/requirements.txt
	$(INSTALL) -r envs/torch.txt
	touch $@

$(VENV)/work-ready: $(VENV)/ready envs/work.txt
	$(INSTALL) --require-hashes --no-deps -r envs/work.txt
	touch $@
