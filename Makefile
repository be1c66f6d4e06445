# Each may be given to `make surge`; the defaults are the scenario's (stack/surge.py, stack/outage/plan.py).
SURGE = SCENARIO CALLERS RATE OPERATORS TALK PATIENCE ABANDON AUDIO BLIND ATTENDED HOLDS RETURNS COMPANIES TRUNKS \
	BROWSERS SEED OUTAGE OPEN_AFTER SIGMA REDIAL UNKNOWN SILENT_KNOWN SILENT_UNKNOWN QUIT OTHER FIDGET HEARD WITHIN KILL

python = .venv/bin/python
# What pytest makes of the tests is kept for the next run, also where containers are told not to.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo up down surge accidents listen site deb trial image check format lint types layers scripts units test servers calls alone bench

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

deb: setup
	@$(python) -m stack.debian.build

trial: deb
	stack/debian/trial.sh dist/callcenter_*.deb var/trial

image:
	stack/image.sh $(if $(OWN_BASES),--own-bases)

check: setup
	@$(MAKE) --no-print-directory --jobs 3 --output-sync units types format lint layers scripts

units:
	$(python) -m pytest -m "not e2e and not servers and not long" -n 2 --dist loadfile

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
	@$(MAKE) --no-print-directory servers calls alone

servers:
	$(python) -m pytest -m "servers or e2e or long" --ignore tests/e2e -n 3 --dist loadfile

calls:
	$(python) -m pytest tests/e2e -m "not alone" -n 3 --dist loadfile

# What measures time has the machine to itself.
alone:
	$(python) -m pytest tests/e2e -m alone

bench: setup
	@$(if $(ROWS),ROWS=$(ROWS)) $(python) -m stack bench
