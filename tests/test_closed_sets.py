"""What a column may hold by its check constraint is what the enumeration in the code has."""

import re
from enum import StrEnum

import asyncpg
import pytest

from callcenter.common.delivery import DeliveryState
from callcenter.dispatch.delivery import HandoverChannel
from callcenter.domain.access import Role
from callcenter.domain.call import CallState, Direction, Outcome
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.events import Presence, Source
from callcenter.domain.file_order import FileOrderState
from callcenter.domain.listening import ListeningReason
from callcenter.domain.outage import OutageEventKind
from callcenter.domain.recording import WITHOUT_FILE, RecordingState
from callcenter.domain.request import RequestState
from callcenter.domain.sharing import LinkUseKind
from callcenter.domain.talk import Party, TalkKind
from callcenter.domain.ticket import (
    CrewAnswer,
    NoTicketReason,
    PaymentState,
    TicketClass,
    TicketEventKind,
    TicketSource,
    TicketState,
)
from callcenter.outages.notices.notice import NoticeEvent, NoticeWay, RecipientParty
from callcenter.recordings.hashes import HashProblem
from callcenter.retention.personal_data import PersonalDataKind
from callcenter.telephony.asterisk_entries import ConfigurationProblem
from callcenter.telephony.trunk_line import Dtmf, NumberForm, SessionTimers, Transport
from callcenter.trunks.outbound import Purpose, Reason
from callcenter.trunks.trunk import TrunkState

CHECKS = """
select pg_get_constraintdef(oid) as definition from pg_constraint where contype = 'c' and conrelid = $1::regclass
"""


async def sets_of(connection: asyncpg.Connection, table: str, column: str) -> list[set[str]]:
    """The sets of values with which the table's checks compare the column."""
    found = re.compile(rf"\b{column} = ANY \(ARRAY\[([^]]*)\]")
    definitions = [row["definition"] for row in await connection.fetch(CHECKS, table)]
    return [set(re.findall(r"'([^']*)'::text", values)) for text in definitions for values in found.findall(text)]


@pytest.mark.parametrize(
    ("table", "column", "enumeration"),
    [
        ("call_cards", "no_ticket", NoTicketReason),
        ("call_events", "source", Source),
        ("calls", "direction", Direction),
        ("calls", "ended_by", Party),
        ("calls", "outcome", Outcome),
        ("calls", "state", CallState),
        ("categories", "class", TicketClass),
        ("default_limits", "step", LimitStep),
        ("deliveries", "state", DeliveryState),
        ("deliveries", "way", HandoverChannel),
        ("evidence_packs", "state", FileOrderState),
        ("exports", "state", FileOrderState),
        ("keeping_terms", "kind", PersonalDataKind),
        ("limits", "step", LimitStep),
        ("node_configurations", "problem", ConfigurationProblem),
        ("operators", "role", Role),
        ("outage_events", "kind", OutageEventKind),
        ("outbound_attempts", "reason", Reason),
        ("outbound_rules", "purpose", Purpose),
        ("outage_notices", "event", NoticeEvent),
        ("outage_notices", "state", DeliveryState),
        ("outage_recipients", "party", RecipientParty),
        ("outage_recipients", "way", NoticeWay),
        ("presence", "wanted", Presence),
        ("recording_plays", "reason", ListeningReason),
        ("recording_hashes", "problem", HashProblem),
        ("recordings", "state", RecordingState),
        ("requests", "state", RequestState),
        ("share_link_uses", "kind", LinkUseKind),
        ("talks", "ended_by", Party),
        ("talks", "kind", TalkKind),
        ("ticket_deadlines", "step", LimitStep),
        ("ticket_events", "kind", TicketEventKind),
        ("tickets", "crew_said", CrewAnswer),
        ("tickets", "payment", PaymentState),
        ("tickets", "source", TicketSource),
        ("tickets", "state", TicketState),
        ("trunk_states", "state", TrunkState),
        ("trunks", "dtmf", Dtmf),
        ("trunks", "number_form", NumberForm),
        ("trunks", "session_timers", SessionTimers),
        ("trunks", "transport", Transport),
    ],
)
async def test_a_column_holds_what_the_code_knows(
    database_url: str, table: str, column: str, enumeration: type[StrEnum]
) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert set(enumeration) in await sets_of(connection, table, column)
    finally:
        await connection.close()


async def test_a_recording_has_a_file_in_all_states_but_two(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        found = await sets_of(connection, "recordings", "state")
    finally:
        await connection.close()
    assert sorted(found, key=len) == [set(WITHOUT_FILE), set(RecordingState)]
