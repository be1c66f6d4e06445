"""What Prometheus is told of a node."""

from dataclasses import replace

from prometheus_client import REGISTRY

from callcenter.calls.figures import NodeFigures
from callcenter.domain.call import Outcome
from callcenter.domain.events import (
    CallArrived,
    CallEnded,
    CallQueued,
    OperatorAnswered,
    PhoneChanged,
    Source,
    TalkEnded,
)
from callcenter.domain.recording import RecordingName
from callcenter.domain.switchboard import Switchboard
from callcenter.domain.talk import Party
from tests.domain.playbook import ANNA, BORIS, CALL, QUEUE, at, operators, tick


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"callcenter_{name}", labels) or 0.0


def test_operators_waits_and_outcomes_are_told() -> None:
    switchboard = Switchboard([QUEUE], operators(ANNA, BORIS))
    figures = NodeFigures(switchboard)
    answered = {"direction": "in", "outcome": Outcome.ANSWERED.value}
    before = figure("calls_total", **answered)

    def step(*events: object) -> None:
        for event in events:
            for command in switchboard.step(event):  # type: ignore[arg-type]
                figures.count(command)

    step(
        CallArrived(call=CALL, at=at(0), did=QUEUE, caller="89161234567"), CallQueued(call=CALL, at=at(2), queue=QUEUE)
    )
    step(PhoneChanged(at=at(3), operator=BORIS, reachable=False), tick(3))
    figures.look(at(12))
    assert figure("oldest_wait_seconds", queue=QUEUE) == 10
    assert (figure("operators", state="available"), figure("operators", state="talking")) == (2, 0)
    assert (figure("telephones_reachable"), figure("telephones_lacking")) == (1, 1)
    recording = RecordingName(CALL, "node1-1.2", 5)
    step(OperatorAnswered(call=CALL, at=at(5), operator=ANNA, recording=recording), tick(6))
    figures.look(at(12))
    assert figure("oldest_wait_seconds", queue=QUEUE) == 0
    assert (figure("operators", state="available"), figure("operators", state="talking")) == (1, 1)
    ended = CallEnded(call=CALL, at=at(9), cause=16)
    step(TalkEnded(call=CALL, at=at(8), operator=ANNA, recording=recording, began_at=at(5), by=Party.CALLER), ended)
    # The ledger knows better when it was.
    step(replace(ended, at=at(8.5), source=Source.LEDGER))
    assert figure("calls_total", **answered) == before + 1
