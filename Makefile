# Each may be given to `make surge`; the defaults are the scenario's (stack/surge.py, stack/outage/plan.py).
SURGE = SCENARIO CALLERS RATE OPERATORS TALK PATIENCE ABANDON AUDIO BLIND ATTENDED HOLDS RETURNS COMPANIES \
	SEED OUTAGE OPEN_AFTER SIGMA REDIAL UNKNOWN SILENT_KNOWN SILENT_UNKNOWN QUIT OTHER FIDGET HEARD WITHIN KILL

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
	@$(python) -m stack surge $(foreach name,$(SURGE),$(if $($(name)),--$(name)=$($(name))))

listen: setup
	@$(python) -m stack listen

check: setup
	@stack/setup.sh --scripts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/node node_modules/typescript/bin/tsc
	$(python) -m pytest -m "not e2e and not servers" -n 2 --dist loadfile

test: check
	@stack/setup.sh --browser
	$(python) -m pytest -m "servers or e2e" --ignore tests/e2e -n 3 --dist loadfile
	$(python) -m pytest tests/e2e

bench: setup
	@$(python) -m stack bench
