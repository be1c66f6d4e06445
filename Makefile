# Each may be given to `make surge`; the defaults are the scenario's (stack/surge.py, stack/outage/plan.py).
SURGE = SCENARIO CALLERS RATE OPERATORS TALK PATIENCE ABANDON AUDIO BLIND ATTENDED HOLDS RETURNS COMPANIES TRUNKS \
	BROWSERS SEED OUTAGE OPEN_AFTER SIGMA REDIAL UNKNOWN SILENT_KNOWN SILENT_UNKNOWN QUIT OTHER FIDGET HEARD WITHIN KILL

python = .venv/bin/python
# What pytest makes of the tests is kept for the next run, also where containers are told not to.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo up down surge accidents listen site check format lint types layers scripts test bench

setup:
	@stack/setup.sh

demo: setup
	@$(python) -m stack demo

up: setup
	@$(python) -m stack up $(if $(EMPTY),--empty)

down:
	@[ ! -x $(python) ] || $(python) -m stack down

surge: setup
	@$(python) -m stack surge $(foreach name,$(SURGE),$(if $($(name)),--$(name)=$($(name))))

accidents: setup
	@stack/setup.sh --tests
	@$(python) -m stack accidents $(if $(COUNT),--count $(COUNT))

listen: setup
	@$(python) -m stack listen

site: setup
	@stack/setup.sh --tests
	$(python) -m pytest -q tests/test_site.py
	@echo "var/site/index.html"

check: setup
	@$(MAKE) --no-print-directory --jobs 2 --output-sync types format lint layers scripts
	$(python) -m pytest -m "not e2e and not servers" -n 2 --dist loadfile

format:
	.venv/bin/ruff format --check .

lint:
	.venv/bin/ruff check .

types:
	.venv/bin/mypy

layers:
	.venv/bin/lint-imports

scripts:
	.venv/bin/node node_modules/typescript/bin/tsc
	.venv/bin/node --test "tests/**/*.test.js"

test: check
	@stack/setup.sh --tests
	$(python) -m pytest -m "servers or e2e" --ignore tests/e2e -n 3 --dist loadfile
	$(python) -m pytest tests/e2e -m "not alone" -n 3 --dist loadfile
	$(python) -m pytest tests/e2e -m alone

bench: setup
	@$(if $(ROWS),ROWS=$(ROWS)) $(python) -m stack bench
