# `make` lists the targets. Needs Python 3.11 or newer with venv, and make; everything else is brought along.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.complete
LOCAL := .local
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help env demo up down status dev test-fast test test-web lint format rows supergraph schemas matrix flows loads schema-check documents bench bench-gateway newcomer clean

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

env: $(STAMP) ## make .venv with every package pinned (the other targets do it for you)

$(STAMP): pyproject.toml constraints.txt deploy/requirements.py deploy/environment.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed: type 'apt-get install python3', or name another: make PYTHON=python3.12 $(MAKECMDGOALS) · 需要 Python 3.11 或更新版本" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing: type 'apt-get install python3-venv' (as root), then 'make $(MAKECMDGOALS)' again · 缺少 python3-venv" >&2; exit 1; }
	@echo "installing packages into $(VENV) · 正在安装依赖"
	@$(PYTHON) -m deploy.environment $(VENV)
	@touch $@

demo: env ## play the sign-board case and 200 messages, then stay up (ONCE=1 ends after the table; MESSAGES=20 plays fewer; SPEED=real shows it slowly)
	@$(PY) -m deploy.demo $(if $(ONCE),--once) $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(SPEED),--speed $(SPEED))

up: env ## start broker, store, services and gateway; Ctrl-C stops them (DETACH=1 returns when all is ready)
	@$(PY) -m deploy.local up $(if $(DETACH),--detach)

down: env ## stop what `make up DETACH=1` started
	@$(PY) -m deploy.local down

status: env ## show addresses and health of what runs
	@$(PY) -m deploy.local status

dev: env ## the same as `up`, and restart what is concerned when a source file changes
	@$(PY) -m deploy.local up --reload

test-fast: env ## the tests that need neither broker nor store, in half a minute (ARGS="-k scopes")
	$(PY) -m pytest -n 2 --dist loadscope -m "not slow" $(ARGS)

test: env ## run the tests, broker and store included (ARGS="-k gateway -x")
	$(PY) -m pytest -n 2 --dist loadscope $(ARGS)

test-web: env ## check that committed supergraphs are what subgraphs compose to, compare our answers with Hive Gateway's (Node, from PyPI where none is installed), and answer a survey in Chromium
	$(PY) -m tools.supergraph.compose --check
	@$(PY) -c 'import sys; from tools.supergraph import compose as c; \
	  sys.exit(0 if c.compose(c.committed_subgraphs()) == c.SUPERGRAPH.read_text("utf-8") else "composed anew it differs: make supergraph")'
	$(PY) -m tests.gateway.compose --check
	$(PY) -m pytest -q tests/gateway/hive_comparison.py
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } || \
	  { echo "Chromium is needed: as root type 'apt-get install chromium' · 需要 Chromium，请以 root 执行 apt-get install chromium"; exit 1; }
	$(PY) -m pytest -q tests/web/survey_in_a_browser.py

lint: env ## ruff, mypy --strict, import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: env ## put the code into shape
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

rows: env ## list each row of the requirements with its tests
	@$(PY) -m tools.rows

supergraph: env ## compose gateway/supergraph.graphql anew from the subgraphs
	$(PY) -m tools.supergraph.compose

schemas: env ## write the event schemas, the subgraphs' SDL and the AsyncAPI document anew
	$(PY) -m tools.schemas

matrix: env ## write who may see what, field by role (docs/access-matrix.md), anew
	$(PY) -m tools.matrix

flows: env ## draw the life of a grievance (docs/flows/lifecycle.md) from the transition table anew
	$(PY) -m tools.flows

loads: env ## run the large sizes in full, with their figures (ARGS="NAME --scale 0.05")
	@$(PY) -m bench.loads $(ARGS)

schema-check: env ## name what would break frontends that were built on the last release of the graph
	@$(PY) -m tools.schema_check

documents: env ## trust a frontend's documents: make documents APP=web VERSION=1.4.0 MANIFEST=manifest.json
	@$(PY) -m gateway.trusted_documents upload --app $(APP) --version $(VERSION) $(MANIFEST)

bench: env ## measure CPU per grievance and process beside the floor of bare parts
	@$(PY) -m bench

bench-gateway: env ## measure the gateway beside Hive Gateway over the same canned subgraphs (Node, from PyPI where none is installed)
	@$(PY) -m bench.gateway $(ARGS)

newcomer: env ## type the README's commands on bare Debian machines (root, debootstrap; half an hour; ARGS="-k room" picks one)
	$(PY) -m pytest deploy/newcomer --timeout 0 -v $(ARGS)

clean: ## stop what runs; remove its data, keys and logs (.local) and all caches
	@test ! -x $(PY) || $(PY) -m deploy.local down
	rm -rf $(LOCAL) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist minyi.egg-info
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
