"""A ticket with everything that an evidence pack is made of, and the worker that makes one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256

from callcenter.common.jobs import Worker
from callcenter.domain.ticket import Step
from callcenter.evidence.manifest import key_of
from callcenter.evidence_packs.maker import PackMaker
from callcenter.evidence_packs.texts import page
from callcenter.tickets.ticket import Ticket
from tests.site import settings_for
from tests.tickets.ticket_work import Work

SIGNING = key_of("11" * 32)
CALL = "node1-1.1"
NAMES = {7: f"{CALL}_node1-2.1_1772703000", 8: f"{CALL}_node1-3.1_1772703100"}
AUDIO = {7: b"RIFF" + b"first voice" * 500, 8: b"RIFF" + b"second voice" * 500}
COPY = b"OggS copy"
WRITE_CALL = f"""
insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, queued_at, answered_at, talk_ended_at,
                   ended_at, wait_s, talk_s, operator_id)
select '{CALL}', 'node1', company_id, '74951234567', '+79001234567', 'ended', 'answered', opened_at - interval '40 s',
       opened_at - interval '30 s', opened_at, opened_at + interval '90 s', opened_at + interval '91 s', 30, 90,
       (select id from operators where login = 'anna')
from tickets where id = $1
"""
WRITE_REST = (
    f"update tickets set call_id = '{CALL}', caller = '+79001234567' where id = $1",
    f"insert into call_events (call_id, kind, source, at, seen_at) select '{CALL}', 'queued', 'live', opened_at, opened_at"
    " from tickets where id = $1",
    f"insert into recording_pauses (recording, call_id, began_at, ended_at) select '{NAMES[7]}', '{CALL}',"
    " opened_at + interval '5 s', opened_at + interval '9 s' from tickets where id = $1",
    "insert into legal_holds (ticket_id, reason, placed_by) select $1, 'Иск', id from operators where login = 'vera'",
)


async def write_ticket(work: Work) -> Ticket:
    """A transferred call: two talks, two recordings with their whole way behind them, one of them with a copy."""
    ticket = await work.ticket(
        category_id=work.ids["damage"],
        house_id=work.ids["house"],
        subject="Течёт стояк",
        description="С потолка\nльётся",
        contact_phone="+79001234567",
    )
    pool = work.site.pool
    await pool.execute(WRITE_CALL, ticket.id)
    for statement in WRITE_REST:
        await pool.execute(statement, ticket.id)
    for number, (name, audio) in enumerate(zip(NAMES.values(), AUDIO.values(), strict=True)):
        key = f"recordings/{number}.wav"
        work.site.shelf.objects[key] = audio
        await pool.execute(
            "insert into talks (recording, call_id, kind, operator_id, began_at, ended_at) select $1, $2, $3, o.id,"
            " t.opened_at + $4 * interval '45 s', t.opened_at + ($4 + 1) * interval '45 s' from tickets t, operators o"
            " where t.id = $5 and o.login = $6",
            name, CALL, ("queue", "transfer")[number], number, ticket.id, ("anna", "boris")[number],
        )  # fmt: skip
        await pool.execute(
            "insert into recordings (name, node, call_id, state) values ($1, 'node1', $2, 'expected')", name, CALL
        )
        await pool.execute(
            "update recordings set state = 'recorded', sha256 = $2, size = $3, object_key = $4, duration_s = 45,"
            " recorded_at = now() where name = $1",
            name, sha256(audio).digest(), len(audio), key,
        )  # fmt: skip
        await pool.execute("update recordings set state = 'verified' where name = $1", name)
        await pool.execute("update recordings set state = 'attached', ticket_id = $2 where name = $1", name, ticket.id)
    work.site.shelf.objects["copies/0.ogg"] = COPY
    await pool.execute(
        "insert into recording_copies (recording_id, object_key, media_type, sha256, size)"
        " select id, 'copies/0.ogg', 'audio/ogg', $2, 9 from recordings where name = $1",
        NAMES[7],
        sha256(COPY).digest(),
    )
    await work.tickets.comment(work.person, ticket.id, "Житель звонил дважды")
    ticket = await work.now(ticket)
    return await work.tickets.step(work.person, ticket.id, ticket.version, Step.ASSIGN, crew_id=work.ids["crew"])


@asynccontextmanager
async def making(work: Work, url: str) -> AsyncIterator[PackMaker]:
    """A worker that makes packs."""
    maker = PackMaker(work.site.pool, work.site.shelf, SIGNING, page)
    running = asyncio.create_task(Worker(settings_for(url).database, [maker.kind], dead_after_s=1).run())
    try:
        yield maker
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def over(work: Work) -> tuple[int, str]:
    """The number and the problem of the newest pack, none when it is ready, as soon as it is over."""
    async with asyncio.timeout(20):
        while True:
            row = await work.site.pool.fetchrow(
                "select id, state, problem from evidence_packs order by id desc limit 1"
            )
            assert row is not None
            if row["state"] in ("ready", "failed"):
                return row["id"], row["problem"] or ""
            await asyncio.sleep(0.05)
