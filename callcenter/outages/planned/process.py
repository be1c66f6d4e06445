"""The process that reads one sheet of planned works: see `common/sheet_process.py`."""

from callcenter.common.sheet_process import run
from callcenter.outages.planned.sheet import understand

MODULE = "callcenter.outages.planned.process"

if __name__ == "__main__":
    run(understand)
