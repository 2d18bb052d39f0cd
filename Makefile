# Everything starts here; nothing has to be installed before but Python 3.11 or newer (with pip and
# venv), make and git. What is made lies below .local/.

PORT ?= 8080
SECONDS ?= 120
PROCESSES ?= 32
FUZZ_SECONDS ?= 180
# tests wait for locks, deadlines and disks as well as they compute
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
OPS ?= 50000
SEED ?= 1
STEPS ?= all
ROUNDS ?= 3

# Without PYTHON=… take python3 if it is new enough, else the newest one that has a name of its own.
ifndef PYTHON
  PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
      if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
      then echo "$$python"; exit; fi; done; echo none)
endif

VENV := .local/venv/bin/python
SAM_ENVIRONMENT := HOME="$(CURDIR)/.local/sam-home" SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 \
    SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS=1
# even if PYTHONDONTWRITEBYTECODE is set: otherwise each worker compiles all modules again
COMPILED := env PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/.local/pycache
CODE := layers functions dev tests bench
# what writes files: dev knows nothing of the tests and the benchmarks, so these write their own
GENERATORS := dev.generators tests.interleavings.page bench.document

.DEFAULT_GOAL := help
.PHONY: help up check test test-dates screenshots answers bench load fuzz torture replay reset lint format types \
    audit sbom validate generate check-generated requirements pictures python venv sam checkov

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
	@echo "  PORT=8080 chooses the stack, PYTHON=python3 the interpreter."

up: venv ## run the whole system; Ctrl-C stops it
	@exec $(VENV) -m dev.stack --port $(PORT) --parent $$PPID

check: lint types check-generated ## what a change is checked with while it is made
	@exec $(COMPILED) $(VENV) -m pytest -q -n $(WORKERS) --dist loadgroup \
	    tests/unit tests/structure tests/mutations

test: venv ## run all tests
	@exec $(COMPILED) $(VENV) -m pytest -n $(WORKERS) --dist loadgroup

test-dates: venv ## play the tests that look at today at odd dates and hours (or DAYS_ON=31: all tests)
	@exec env PYTHONPATH=.:layers/core $(VENV) -m tests.dates \
	    $(if $(DAYS_ON),--days-on $(DAYS_ON)) -q -n $(WORKERS) --dist loadgroup

screenshots: venv ## examine every view of the booking page, and keep pictures of it
	@HOLDFAST_SCREENSHOTS=yes $(VENV) -m pytest -q tests/browser/test_access.py
	@echo "Look at them in .local/screenshots"

torture: venv ## simulate OPS=50000 operations under faults, from SEED=1 on
	@exec env PYTHONPATH=.:layers/core $(VENV) -m tests.simulation --operations $(OPS) \
	    --seed $(SEED) --report .local/torture.json

replay: venv ## play one history of the simulation again: SEED=… STEPS=… [STRIKE=…]
	@exec env PYTHONPATH=.:layers/core $(VENV) -m tests.simulation --seed $(SEED) --steps $(STEPS) \
	    $(STRIKE)

load: venv ## SECONDS=120 PROCESSES=32: customers over HTTP while handlers and the database die
	@exec env PYTHONPATH=.:layers/core $(VENV) -m tests.load \
	    --seconds $(SECONDS) --processes $(PROCESSES) --seed $(SEED)

fuzz: venv ## FUZZ_SECONDS=180 [SEED=…]: the HTTP API against its own description
	@exec env PYTHONPATH=.:layers/core $(VENV) -m tests.fuzz \
	    --seconds $(FUZZ_SECONDS) --seed $(SEED)

answers: venv ## record the answers of the API again (or FAMILIES="holding ..."), on purpose
	@exec env PYTHONPATH=.:layers/core $(VENV) -m tests.answers $(FAMILIES)

mutations: venv ## take out every guard (or GUARDS="name …") and see a test fail
	@exec env PYTHONPATH=.:layers/core $(VENV) -m tests.mutations $(GUARDS)

bench: venv ## measure against the limit and the usual way (or BENCH="holds …"), 10 minutes
	@env PYTHONPATH=.:layers/core $(VENV) -m bench --rounds $(ROUNDS) --keep $(BENCH); \
	    status=$$?; $(MAKE) --no-print-directory pictures && exit $$status

pictures: venv ## draw docs/pictures and fill docs/performance.md from bench/results
	@$(PYTHON) dev/bootstrap.py bench
	@.local/bench/bin/python -m bench.pictures
	@exec $(VENV) -m bench.document

reset: venv ## clear the data of the stack on PORT
	@exec $(VENV) -m dev.stack --port $(PORT) --reset

lint: venv ## check style
	@$(VENV) -m ruff check $(CODE)
	@$(VENV) -m ruff format --check $(CODE)

format: venv ## format the code
	@$(VENV) -m ruff format $(CODE)

types: venv ## check types
	@$(VENV) -m mypy dev functions layers/core/holdfast

validate: venv sam checkov ## check, build and measure what would be deployed, without the cloud
	@$(SAM_ENVIRONMENT) .local/sam/bin/sam validate --template template.yaml
	@$(SAM_ENVIRONMENT) .local/sam/bin/cfn-lint template.yaml infra/*.yaml
	@$(SAM_ENVIRONMENT) PYTHONPATH=. .local/sam/bin/python -m pytest -q -o addopts= \
	    --import-mode=importlib --confcutdir=tests/template -p no:cacheprovider tests/template

audit: venv ## ask for known vulnerabilities of what the layer ships
	@exec $(VENV) -m dev.dependencies.audit

sbom: venv ## list what a deployment ships of others, for other programs (CycloneDX)
	@exec $(VENV) -m dev.dependencies.sbom $$(git describe --always --dirty=+ 2>/dev/null || echo unknown)

generate: venv ## write the generated files again
	@for program in $(GENERATORS); do PYTHONPATH=.:layers/core $(VENV) -m $$program || exit 1; done

check-generated: venv ## fail if a generated file is out of date
	@stale=0; for program in $(GENERATORS); do \
	    PYTHONPATH=.:layers/core $(VENV) -m $$program --check || stale=1; done; exit $$stale

requirements: venv ## compile the pinned requirements from the .in files
	@exec $(VENV) -m dev.dependencies.requirements

venv: python
	@$(PYTHON) dev/bootstrap.py main

sam: python
	@mkdir -p .local/sam-home
	@$(PYTHON) dev/bootstrap.py sam

checkov: python
	@$(PYTHON) dev/bootstrap.py checkov

python:
	@if [ "$(PYTHON)" = none ]; then \
	    echo "Holdfast needs Python 3.11 or newer, and none of python3, python3.14 … python3.11 is."; \
	    echo "Install one, or name it: make PYTHON=/path/to/python3"; exit 1; fi >&2
	@if ! "$(PYTHON)" -c '' 2>/dev/null; then \
	    echo "PYTHON=$(PYTHON) cannot be run. Name a Python 3.11 or newer, or leave PYTHON out:"; \
	    echo "then the newest one on your PATH is taken. Nothing was installed."; exit 1; fi >&2
	@if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "PYTHON=$(PYTHON) is $$("$(PYTHON)" --version 2>&1). Holdfast needs Python 3.11 or newer."; \
	    echo "Nothing was installed."; exit 1; fi >&2

# In the cloud -------------------------------------------------------------------------------------

CLOUD = env PATH="$(CURDIR)/.local/sam/bin:$$PATH" PYTHONPATH=.:layers/core $(VENV) -m

# What a target cannot do without is asked for before anything is installed.
define lacking

  $(1) is missing. For example: make $(3) $(1)=$(2)
  Nothing was installed or changed.

endef
need = $(foreach goal,$(filter $(1),$(MAKECMDGOALS)),$(if $($(2)),,$(error $(call lacking,$(2),$(3),$(goal)))))

$(call need,deploy remove,STAGE,dev    (or staging, or prod))
$(call need,tenant,STAGE,dev NAME="My studio"    (or local, staging, prod))
$(call need,smoke,URL,https://api.example.com)

.PHONY: deploy remove tenant smoke

deploy: venv sam ## STAGE=dev: to your AWS account, step by step (docs/deploying.md)
	@exec $(CLOUD) dev.cloud.deploy $(STAGE)

remove: venv sam ## STAGE=dev: take a stage down; says before what stays
	@exec $(CLOUD) dev.cloud.remove $(STAGE)

tenant: venv sam ## STAGE=dev NAME="…" | TENANT=id [REVOKE="ids"] [REPLACE="ids"] [PAGE=…] [LIMITS="a=1"] [RETURN="origins"] [DELAYED=…]: tenants and their keys
	@exec $(CLOUD) dev.cloud.tenant $(STAGE) $(if $(NAME),--name "$(NAME)") \
	    $(if $(TENANT),--tenant "$(TENANT)") $(if $(REVOKE),--revoke $(REVOKE)) \
	    $(if $(REPLACE),--replace $(REPLACE)) \
	    $(if $(PAGE),--page "$(PAGE)") $(if $(LIMITS),--limit $(LIMITS)) \
	    $(if $(RETURN),--return $(RETURN)) $(if $(DELAYED),--delayed-methods $(DELAYED))

smoke: venv ## URL=… [KEY=pk_…]: prove a deployment with one held and released booking
	@exec $(VENV) -m dev.cloud.smoke $(URL) $(if $(KEY),--key "$(KEY)")
