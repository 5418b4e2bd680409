.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
STAMP := $(VENV)/.stamp
DEMO_STAMP := $(VENV)/.stamp-demo
ENV ?= development
OF ?= canary/diagnose canary/control_plane
# What a person types is read once, never expanded by make, and reaches the shell as variables only
override ENV := $(value ENV)
override OF := $(value OF)
override FAULT := $(value FAULT)
override AS_FOUND := $(value AS_FOUND)
override WORLD := $(value WORLD)
override SEED := $(value SEED)
export ENV OF FAULT AS_FOUND WORLD SEED
# Each of the many processes that the tests start would compile the whole project anew
unexport PYTHONDONTWRITEBYTECODE
NAMED = case "$$ENV" in ""|-*|*[!a-z0-9_-]*) echo "ENV: a name of letters a-z, digits and _, then also -" >&2; exit 2;; esac

.PHONY: help setup setup-demo demo test fast test-slow sweep mutants lint bench synth deploy gate diagnosis-report docs pictures lock clean

help: ## Show the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

setup: $(STAMP) ## Make .venv with everything in it (the other verbs call this themselves)

setup-demo: $(DEMO_STAMP) ## Make .venv with only what the demo needs (`make demo` calls this itself)

$(UV): requirements-setup.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-setup.txt
	@touch $(UV)

# pip does where uv cannot
INSTALL = $(UV) pip install --quiet --python $(PY) --compile-bytecode --require-hashes -r $(1) \
  || $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)

$(DEMO_STAMP): requirements-demo.txt $(UV)
	$(call INSTALL,requirements-demo.txt)
	@touch $(DEMO_STAMP)

# The demo's are among them, in the same versions
$(STAMP): requirements-dev.txt $(UV)
	$(call INSTALL,requirements-dev.txt)
	@touch $(STAMP) $(DEMO_STAMP)

demo: setup-demo ## Run the canary against the sandbox and show the report (FAULT=id plants a fault first, AS_FOUND=1 mends nothing, WORLD=name is another shape)
	$(PY) -m sandbox.demo $${FAULT:+"--fault=$$FAULT"} $${AS_FOUND:+--as-found} $${WORLD:+"--world=$$WORLD"}

test: setup ## All tests but the slow ones, and lint beside them (under 9 minutes)
	@$(MAKE) --no-print-directory --jobs 2 lint fast

fast: setup ## The tests of `make test` without lint
	$(PY) -m pytest -n 3 --dist loadgroup --no-loadscope-reorder -m "not slow and not sweep" tests

test-slow: setup ## The slow tests: the whole fault library, 60 healthy runs, a share of the long series, older MLflow servers, the CDK's command line, 2,000 checks in shards
	$(PY) -m pytest -n 3 --dist loadgroup --no-loadscope-reorder -m "slow and not sweep" tests

sweep: setup ## Every fault in every world, pairs, changes, long series, alarms in compressed time (half a day; not in CI)
	$(PY) -m pytest -m sweep tests

mutants: setup ## Change the code one place at a time, count what the tests notice: make mutants OF="FOLDER ..." (an hour)
	nice -n 10 $(PY) -m tests.mutants $${SEED:+"--seed=$$SEED"} -- $$OF

lint: setup ## ruff, mypy --strict, and zizmor for the workflows
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/zizmor --offline --quiet --no-progress .github

bench: setup ## Measure ratios side by side, write docs/performance.md
	$(PY) -m tests.bench

synth: setup ## Synthesize every environment into cdk.out, offline
	$(PY) app.py

deploy: setup ## Deploy one environment: make deploy ENV=name
	@$(NAMED)
	npm ci --silent --no-audit --no-fund
	npx --no-install cdk deploy "hokusai-canary-$$ENV" $(if $(CI),--require-approval never)

gate: setup ## Invoke the deployed canary once and fail on what broke: make gate ENV=name
	@$(NAMED)
	$(PY) -m canary gate --environment="$$ENV"

diagnosis-report: setup ## Plant every fault in every world, print fault against named cause, write docs/diagnosis.md (hours)
	$(PY) -m tests.diagnosis_report
	$(PY) -m tests.worlds.matrix

docs: setup ## Write the generated pages of docs/ anew
	$(PY) -m canary catalogue --write

pictures: setup ## Draw the pictures of docs/img anew, in Chromium
	$(PY) -m tests.pictures

LOCKED = --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

lock: setup ## Compile the requirements files anew, from the lists in pyproject.toml
	$(UV) pip compile $(LOCKED) --group pyproject.toml:function -o requirements.txt
	$(UV) pip compile $(LOCKED) pyproject.toml --extra deploy --extra serve --group dev -c requirements.txt -o requirements-dev.txt
	$(UV) pip compile $(LOCKED) pyproject.toml --group sandbox -c requirements-dev.txt -o requirements-demo.txt
	echo uv | $(UV) pip compile $(LOCKED) - -o requirements-setup.txt

clean: ## Remove what was made here
	rm -rf $(VENV) build dist cdk.out out .emulator .sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis
