"""What a browser loads for the operator's page."""

from callcenter.calls.telephone_pages import is_built
from stack import sizes

LIMIT = 120_000


def test_the_console_is_small():
    found = sizes.sizes()
    assert 20 < found["files"] < 60
    assert 15_000 < found["without_jssip"] <= LIMIT


def test_what_the_console_imports_is_counted_and_jssip_by_itself():
    scripts = sizes._scripts()
    assert {"calls/operator.js", "calls/keys.js", "tickets/filing.js", "web/wire.js", sizes.LIBRARY} <= scripts
    assert all(sizes._file(name).exists() for name in scripts - {sizes.LIBRARY})
    found = sizes.sizes()
    assert (found["with_jssip"] > found["without_jssip"]) == is_built()
