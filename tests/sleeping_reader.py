"""A reader of sheets that takes its time, for `test_orphans`."""

import time

from callcenter.common.sheet_process import Understood, run


def understand(_body: bytes) -> Understood:
    time.sleep(600)
    raise AssertionError


if __name__ == "__main__":
    run(understand)
