"""What the messages' classes, and the schema drawn from them, let through."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from callcenter.domain.events import AsidePhase, Presence
from callcenter.domain.request import RefusalReason, RequestState, TalkStep
from callcenter.push.codec import BadMessage, body_of, entry, hello_of, request_of, to_json
from callcenter.push.messages import (
    KINDS,
    AsideMessage,
    DeadlinesMessage,
    ErrorMessage,
    HandedRow,
    Hello,
    JournalMessage,
    PauseMessage,
    PauseRequest,
    PresenceMessage,
    PresenceRequest,
    RequestMessage,
    SafetyMessage,
    SilentMessage,
    TalkRequest,
    TelephoneMessage,
    TrunksMessage,
)
from callcenter.push.outage_messages import OutageFiguresMessage, OutageFiguresRow
from callcenter.push.shapes import Shown
from callcenter.push.state import Delta, Resumed, Snapshot
from tests.messages import call_outage, card, limit, operator, outage_row, outages, queue, ringing
from tests.site import NOW

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "protocol.schema.json").read_text())
EACH: dict[str, Shown] = {
    "queues": queue(3, oldest=NOW),
    "outages": outages(outage_row()),
    "outage_figures": OutageFiguresMessage(
        figures=(OutageFiguresRow(id=3, calls=212, hearing=4, helped=190, waiting=9, tickets=180),)
    ),
    "presence": PresenceMessage(
        state=operator(NOW).state,
        phone_reachable=False,
        since=NOW,
        reason=None,
        pause=None,
        until=None,
        afterwards=None,
    ),
    "ringing": replace(ringing(NOW), outage=call_outage(), handed=HandedRow(by=1, note="просила перезвонить")),
    "aside": AsideMessage(call="x", phase=AsidePhase.RINGING, whom="op-02", why="", since=NOW),
    "telephone": TelephoneMessage(mark="3fa9"),
    "recording": PauseMessage(call="x", paused_since=None),
    "card": card(NOW, talk_ended_at=NOW + timedelta(seconds=1)),
    "request/ring": RequestMessage(id=9, state=RequestState.DONE, asked_at=NOW, reason=None),
    "request/wrap_up": RequestMessage(id=7, state=RequestState.DONE, asked_at=NOW, reason=None),
    "request/presence": RequestMessage(id=5, state=RequestState.ASKED, asked_at=NOW, reason=None),
    "request/pause": RequestMessage(id=6, state=RequestState.REFUSED, asked_at=NOW, reason=RefusalReason.NO_TALK),
    "request/talk": RequestMessage(id=7, state=RequestState.DONE, asked_at=NOW, reason=None),
    "request/call_out": RequestMessage(id=8, state=RequestState.DONE, asked_at=NOW, reason=None),
    "operator/7": operator(NOW),
    "trunks": TrunksMessage(down=("beta",)),
    "recordings": SafetyMessage(late=0, missing=1, altered=2, disks=("node1",)),
    "deadlines": DeadlinesMessage(late=1, due_soon=0, next=(limit(NOW, late=True),)),
    "journal": JournalMessage(at=NOW),
}


@pytest.fixture(scope="module")
def schema() -> Any:
    return jsonschema_rs.validator_for(SCHEMA)


def test_every_message_of_the_service_is_in_the_schema(schema: Any) -> None:
    assert {kind.replace("/7", "/ID") for kind in EACH} == KINDS.keys()
    state = {kind: to_json(body) for kind, body in EACH.items()}
    deltas = [Delta(2, "all", kind, body) for kind, body in state.items()]
    said = [
        Snapshot(1, state),
        Snapshot(0, {}),
        Resumed(1),
        *deltas,
        Delta(3, "all", "ringing", to_json(SilentMessage())),
    ]
    for text in [message.text for message in said] + [json.dumps(to_json(ErrorMessage(message="no")))]:
        schema.validate(json.loads(text))


@pytest.mark.parametrize(
    "message",
    [
        Hello(last=None),
        Hello(last=7),
        PresenceRequest(wanted=Presence.PAUSED),
        PauseRequest(paused=True),
        TalkRequest(step=TalkStep.CONSULT, to="op-02", note="про кран"),
    ],
)
def test_every_message_of_a_browser_is_in_the_schema_and_is_understood(schema: Any, message: Any) -> None:
    said = to_json(message)
    schema.validate(said)
    # A newer browser may say more.
    heard = (hello_of if isinstance(message, Hello) else request_of)(json.dumps(said | {"more": 1}))
    assert heard == message


@pytest.mark.parametrize(("kind", "body"), EACH.items())
def test_a_body_is_read_as_it_was_written_and_in_no_other_way(schema: Any, kind: str, body: Shown) -> None:
    written = entry("all", body)["body"]
    assert body_of(kind, written) == body
    wrong = [written | {"more": 1}, *({k: v for k, v in written.items() if k != gone} for gone in written)]
    wrong += [written | {name: {"no": "thing"}} for name in written]
    for each in wrong:
        if kind in ("ringing", "aside") and not each:
            continue
        with pytest.raises(ValidationError):
            body_of(kind, each)
        assert not schema.is_valid({"type": "delta", "n": 1, "kind": kind, "body": each})


def test_a_time_has_microseconds_so_that_times_compare_as_texts() -> None:
    assert to_json(JournalMessage(at=NOW)) == {"at": "2026-03-05T09:30:00.000000+00:00"}


def test_what_is_not_understood_is_named() -> None:
    with pytest.raises(BadMessage, match="`wanted`: Input should be 'available', 'paused' or 'offline'"):
        request_of('{"type": "presence", "wanted": "asleep"}')
    with pytest.raises(BadMessage, match="`last`"):
        hello_of('{"type": "hello", "last": true}')
