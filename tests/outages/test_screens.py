"""What the screens show of outages fits into a notification."""

import json
from dataclasses import replace

from callcenter.domain.outage import OutageState
from callcenter.outages.screens import LONGEST_WORD, MOST_BYTES, MOST_ROWS, fitting
from callcenter.push.codec import to_json
from callcenter.push.outage_messages import Evidence, OutageFiguresMessage, OutageFiguresRow, OutageRow
from tests.site import NOW

ROW = OutageRow(
    id=2**31 - 1,
    state=OutageState.SUSPECTED,
    kind=None,
    company_id=1,
    company="Щ" * LONGEST_WORD,
    zone="Europe/Moscow",
    addresses=("Щ" * LONGEST_WORD,) * 3,
    more_houses=7,
    since=NOW,
    until=NOW,
    evidence=Evidence(calls=300, flats=290, seconds=1800, usual=0.125),
    unspoken=True,
)


def size(message: object) -> int:
    return len(json.dumps(to_json(message), ensure_ascii=False).encode())  # type: ignore[arg-type]


def test_as_many_outages_are_shown_as_fit_and_the_rest_is_counted() -> None:
    message = fitting([ROW] * MOST_ROWS, 60)
    assert 1 < len(message.outages) < MOST_ROWS
    assert len(message.outages) + message.not_shown == 60
    assert size(message) <= MOST_BYTES < size(replace(message, outages=(*message.outages, ROW)))
    assert fitting([], 0).not_shown == 0


def test_all_figures_of_what_is_shown_fit() -> None:
    most = 2**31 - 1
    row = OutageFiguresRow(id=most, calls=most, hearing=most, helped=most, waiting=most, tickets=most)
    assert size(OutageFiguresMessage(figures=(row,) * MOST_ROWS)) <= MOST_BYTES
