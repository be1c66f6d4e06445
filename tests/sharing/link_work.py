"""A ticket with two recordings, and a link to them, for the tests of links."""

import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg

from callcenter.sharing.links import SHARE_LINKS, LinkRequest, MadeLink
from tests.conftest import by_owner
from tests.site import NOW
from tests.tickets.ticket_work import Work

AUDIO = b"RIFF" + bytes(range(256)) * 40
COPY = b"OggS" + bytes(range(255)) * 9


@dataclass
class Shared:
    """A ticket with recordings; the store holds their bytes."""

    work: Work
    ticket_id: int
    recordings: list[int] = field(default_factory=list)

    @property
    def pool(self) -> asyncpg.Pool:
        return self.work.site.pool

    async def link(self, **changed: object) -> MadeLink:
        given: dict[str, object] = {
            "recordings": self.recordings, "recipient": "Иванов И. И.", "email": None, "purpose": "Ответ на претензию",
            "language": "ru", "lasts": timedelta(days=1), "fetches": 2, "with_pin": False,
        }  # fmt: skip
        links = self.work.site.server.app[SHARE_LINKS]
        wish = LinkRequest(**(given | changed))  # type: ignore[arg-type]
        return await links.make(self.work.person, self.ticket_id, wish, "127.0.0.9")

    async def uses(self) -> list[tuple[str, int | None, int]]:
        rows = await self.pool.fetch("select kind, place, sent from share_link_uses order by id")
        return [(row["kind"], row["place"], row["sent"]) for row in rows]

    async def audited(self) -> list[str]:
        rows = await self.pool.fetch("select action from audit_log where details ? 'link' order by id")
        return [row["action"] for row in rows]


async def add_recording(
    work: Work, ticket_id: int, name: str, audio: bytes = AUDIO, copy: bytes | None = None, flac: bytes | None = None
) -> int:
    """A recording of the ticket's call, attached; `copy`: its small copy, `flac`: what the store has of it, if there is one."""
    call = await work.site.pool.fetchval("select call_id from tickets where id = $1", ticket_id)
    key = f"recordings/{name}.{'flac' if flac else 'wav'}"
    # Somebody wrote over it later: what was verified is what is sent.
    work.site.shelf.objects |= {f"{key}@1": flac or audio, key: b"another"}
    recording = await work.site.pool.fetchval(
        "insert into recordings (name, node, call_id, ticket_id, state, sha256, size, duration_s, object_key, version_id,"
        " recorded_at) values ($1, 'node1', $2, $3, 'attached', $4, $5, 83, $6, '1', $7) returning id",
        name, call, ticket_id, hashlib.sha256(audio).digest(), len(audio), key, NOW,
    )  # fmt: skip
    if copy is not None:
        work.site.shelf.objects[f"copies/{name}.ogg"] = copy
        await work.site.pool.execute(
            "insert into recording_copies (recording_id, object_key, media_type, sha256, size)"
            " values ($1, $2, 'audio/ogg', $3, $4)",
            recording, f"copies/{name}.ogg", hashlib.sha256(copy).digest(), len(copy),
        )  # fmt: skip
    return int(recording)


async def add_call(work: Work, ticket_id: int, call: str) -> None:
    await work.site.pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, answered_at, ended_at)"
        " values ($1, 'node1', $2, '74951234567', '+79001234567', 'ended', 'answered', $3, $3, $3)",
        call, work.ids["company"], NOW,
    )  # fmt: skip
    await work.site.pool.execute("update tickets set call_id = $1 where id = $2", call, ticket_id)


@asynccontextmanager
async def open_shared(work: Work) -> AsyncIterator[Shared]:
    await work.site.pool.execute(by_owner("truncate audit_log"))
    ticket = await work.ticket(subject="Засор")
    await add_call(work, ticket.id, "node1-1")
    shared = Shared(work, ticket.id)
    shared.recordings = [
        await add_recording(work, ticket.id, "one", copy=COPY),
        await add_recording(work, ticket.id, "two", AUDIO[:5000]),
    ]
    yield shared


def shown_link(page: str) -> str:
    """The path of the link that a page shows."""
    [link] = re.findall(r'id="made-link" value="([^"]+)"', page)
    return str(link).partition("/l/")[1] + str(link).partition("/l/")[2]
