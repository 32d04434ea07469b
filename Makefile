# Every target works in a fresh clone with Python >= 3.11 (or uv) and make, whatever the path is.
SHELL := /bin/sh
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9

# Children write .pyc files even where the caller's environment forbids it: 2.0 s or 0.7 s of start.
unexport PYTHONDONTWRITEBYTECODE
# A virtual environment that happens to be active is not the one of this repository.
unexport VIRTUAL_ENV
export UV_PROJECT_ENVIRONMENT := .venv

# Sets $$uv: from PATH, else our own in .tools, else one line that says which package is missing.
FIND_UV = uv=$$(command -v uv) || uv=.tools/bin/uv; \
	if ! [ -x "$$uv" ] || ! "$$uv" --version >/dev/null 2>&1; then \
		echo "Fetching uv $(UV_VERSION) into .tools (once)" >&2; \
		python3 -m venv .tools >/dev/null 2>&1 || { \
			echo "Python cannot make a virtual environment: install the package python3-venv (Debian, Ubuntu) or uv, then run make again." >&2; exit 1; }; \
		.tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)" || exit 1; \
		uv=.tools/bin/uv; \
	fi

# Installs what is missing into .venv, showing it the first time; later it has nothing to say.
SYNC = $(FIND_UV); quiet=; [ ! -x .venv/bin/learnflow ] || quiet=--quiet; "$$uv" sync --inexact $$quiet
PYTHON = .venv/bin/python
# The group that brings Node, where the machine has none that builds the web app.
NODE_GROUP = $$(command -v npm >/dev/null && node -e \
	'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 9) ? 0 : 1)' \
	2>/dev/null || echo --group web)

.PHONY: help run test check bench contracts fuzz peers lock clean

help: ## this list
	@echo "LearnFlow: make TARGET"
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-9s %s\n", $$1, $$2}' Makefile

run: ## start everything, register the examples, show the matches; Ctrl-C ends it
	@$(SYNC) --no-dev $(NODE_GROUP) && exec $(PYTHON) -m learnflow.cli.app demo --stay

test: ## the tests; the web app is built for those in a browser
	@$(SYNC)
	-@$(PYTHON) -m tools.web_check
	@exec $(PYTHON) -m pytest $(ARGS)

check: ## exactly what CI runs: format, lint, types, import rules, manifests, web app, tests
	@$(SYNC)
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) -m learnflow.manifests.lint
	$(PYTHON) -m tools.web_check
	$(PYTHON) -m pytest $(ARGS)

bench: ## the figures, each beside its target (ARGS=--json for one JSON object)
	@$(SYNC) --group bench && exec $(PYTHON) -m bench $(ARGS)

contracts: ## write anew what is generated: OpenAPI, AsyncAPI, event schemas and types, the pages
	@$(SYNC) && exec $(PYTHON) -m tools.contracts

fuzz: ## 20,000 calls, 10,000 raw requests, 600 sequences of steps: new ones each time, half an hour
	@$(SYNC) && exec $(PYTHON) -m pytest --fuzz tests/contract_fuzz tests/flow/test_machine.py $(ARGS)

peers: ## make a real Kafka and daprd (Java, Maven and Go needed; once 5 minutes), test against them
	@$(SYNC); $(PYTHON) -m tools.peers; exec $(PYTHON) -m pytest --peers tests/peers tests/manifests/test_api_server.py tests/cli/test_cluster_api.py $(ARGS)

lock: ## resolve every dependency anew and write the pins into pyproject.toml
	@$(FIND_UV); "$$uv" run --quiet --no-project --python '>=3.11' python tools/lock.py --uv "$$uv"

clean: ## stop what runs, then remove everything that was made here (your data too)
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m learnflow.cli.app down --wipe; fi
	rm -rf frontend/out frontend/.next frontend/node_modules
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis uv.lock
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
