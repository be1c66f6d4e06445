CALLERS  ?= 300
RATE     ?= 100
OPERATORS ?= 20
TALK     ?= 5
PATIENCE ?= 600
ABANDON  ?= 0
AUDIO    ?= both
BLIND    ?= 0
ATTENDED ?= 0
HOLDS    ?= 0
RETURNS  ?= 0
COMPANIES ?= 1

python = .venv/bin/python

.PHONY: setup demo up down surge listen check test bench

setup:
	@stack/setup.sh

demo: setup
	@$(python) -m stack demo

up: setup
	@$(python) -m stack up

down:
	@[ ! -x $(python) ] || $(python) -m stack down

surge: setup
	@$(python) -m stack surge --callers $(CALLERS) --rate $(RATE) --operators $(OPERATORS) --talk $(TALK) \
		--patience $(PATIENCE) --abandon $(ABANDON) --audio $(AUDIO) \
		--blind $(BLIND) --attended $(ATTENDED) --holds $(HOLDS) --returns $(RETURNS) --companies $(COMPANIES)

listen: setup
	@$(python) -m stack listen

check: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/node node_modules/typescript/bin/tsc
	.venv/bin/node --test "tests/**/*.test.js"
	$(python) -m pytest -m "not e2e and not servers" -n 2 --dist loadfile

test: check
	@stack/setup.sh --browser
	$(python) -m pytest -m "servers or e2e" --ignore tests/e2e -n 3 --dist loadfile
	$(python) -m pytest tests/e2e

bench: setup
	@$(python) -m stack bench
