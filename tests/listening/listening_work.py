"""Recordings to search for and to listen to: real WAV files on the shelf, with talks, tickets and a house."""

import io
import math
import struct
import wave
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcenter.common.address_keys import fill_keys
from tests.site import NOW, Site

RATE = 8000


def spoken(*parts: tuple[str, float]) -> bytes:
    """A WAV of two channels: for each part the speaker (`operator`, `caller`, `nobody`), and the seconds."""
    body, file = bytearray(), io.BytesIO()
    for who, seconds in parts:
        for place in range(int(seconds * RATE)):
            tone = int(12000 * math.sin(place / RATE * 2 * math.pi * 300) * math.sin(place / RATE * 9) ** 2)
            body += struct.pack("<hh", tone if who == "operator" else 0, tone if who == "caller" else 0)
    with wave.open(file, "wb") as written:
        written.setnchannels(2)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(bytes(body))
    return file.getvalue()


def peaks_of(*parts: tuple[str, float], per_s: int = 8) -> bytes:
    """The waveform of the same."""
    found = bytearray()
    for who, seconds in parts:
        for _ in range(int(seconds * per_s)):
            found += bytes((200 if who == "operator" else 1, 160 if who == "caller" else 1))
    return bytes(found)


TALK = (("operator", 2), ("caller", 2), ("nobody", 4), ("operator", 2))


@dataclass
class Tapes:
    """Makes recordings. `made`: their ids by name."""

    site: Site
    made: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    async def open(self) -> None:
        """A second company, and a house with a resident in each."""
        pool = self.site.pool
        self.ids["ours"] = await pool.fetchval("select id from companies")
        self.ids["theirs"] = await pool.fetchval("insert into companies (name) values ('УК «Восток»') returning id")
        for company, street in (("ours", "Лесная ул."), ("theirs", "Садовая ул.")):
            self.ids[f"{company} house"] = await pool.fetchval(
                "insert into houses (company_id, city, street, building) values ($1, 'Москва', $2, '3') returning id",
                self.ids[company],
                street,
            )
        await fill_keys(pool)

    async def record(
        self,
        name: str,
        *,
        company: str = "ours",
        operator: str = "anna",
        caller: str = "+79001234567",
        at: datetime = NOW,
        subject: str = "",
        parts: tuple[tuple[str, float], ...] = TALK,
        state: str = "attached",
        call: str | None = None,
        drawn: bool = True,
    ) -> int:
        """An answered call with its ticket and its recording; another talk of `call`, if that is given."""
        pool, length = self.site.pool, sum(seconds for _who, seconds in parts)
        call_id = call or f"node1-{name}"
        if call is None:
            await pool.execute(
                "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, answered_at, ended_at,"
                " operator_id)"
                " values ($1, 'node1', $2, '74951234567', $3, 'ended', 'answered', $4, $4, $4, $5)",
                call_id,
                self.ids[company],
                caller,
                at,
                self.site.ids[operator],
            )
            await pool.execute(
                "insert into tickets (company_id, number, call_id, caller, subject, house_id, opened_at)"
                " select $1, count(*) + 101, $2, $3, $4, $5, $6 from tickets",
                self.ids[company],
                call_id,
                caller,
                subject,
                self.ids[f"{company} house"],
                at,
            )
            await pool.execute("update tickets set number = number where call_id = $1", call_id)
        await pool.execute(
            "insert into talks (recording, call_id, kind, operator_id, began_at, ended_at) values ($1, $2, $3, $4, $5, $6)",
            name,
            call_id,
            "queue" if call is None else "transfer",
            self.site.ids[operator],
            at,
            at + timedelta(seconds=length),
        )
        body = spoken(*parts)
        self.site.shelf.objects[name] = body
        there = state not in ("expected", "missing")
        self.made[name] = await pool.fetchval(
            "insert into recordings (name, node, call_id, ticket_id, company_id, state, sha256, size, object_key,"
            " duration_s, expected_at, channels, rate)"
            " select $1, 'node1', c.id, t.id, c.company_id, $3, $4, $5, $6, $7, $8, 2, 8000"
            " from calls c left join tickets t on t.call_id = c.id where c.id = $2 returning id",
            name,
            call_id,
            state,
            bytes(32) if there else None,
            len(body) if there else None,
            name if there else None,
            length if there else None,
            at,
        )
        if drawn and there:
            await pool.execute("insert into waveforms values ($1, 8, 2, $2)", self.made[name], peaks_of(*parts))
        return self.made[name]
