"""A reader of sheets that takes its time, for `test_orphans`."""

import time

from callcenter.common.sheet_process import SheetWish, Understood, run


def understand(_body: bytes, _wish: SheetWish) -> Understood:
    time.sleep(600)
    raise AssertionError


if __name__ == "__main__":
    run(understand)
