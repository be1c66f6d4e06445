"""What callers will hear of an outage, for whoever writes its text: the words at once, and their sound as WAV."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from aiohttp import web

from callcenter.common.scope import scoped
from callcenter.domain.person import Person
from callcenter.errors import SpeechError
from callcenter.outages.announcing.recordings import OutageRecordings
from callcenter.outages.announcing.voice import Voice
from callcenter.outages.announcing.wording import OutageFacts, Speech, announcement, sentences
from callcenter.outages.outage import BadOutage, NewOutage, Outage, OutageEdit
from callcenter.outages.spoken import check_spoken
from callcenter.speech import sound
from callcenter.storage import queries

SQL = queries("outage_recordings")


@dataclass(frozen=True, slots=True)
class Preview:
    """What somebody would hear. `number`: of a ticket, for example."""

    speech: Speech
    number: int


class Previews:
    """Made by the same voice as what the nodes write to their disks, and kept with its phrases."""

    def __init__(self, pool: asyncpg.Pool, voice: Voice, recordings: OutageRecordings) -> None:
        self._pool = pool
        self._voice = voice
        self._recordings = recordings

    async def of(self, outage: Outage, edit: OutageEdit | None = None) -> Preview:
        """As callers hear this outage; as its text would be after `edit`, if one is given. Raises `BadOutage`."""
        number = await self._pool.fetchval(SQL["number"], outage.id)
        if edit is not None:
            changed: Mapping[str, Any] = edit.given()
            check_spoken(changed, outage.language)
            outage = replace(outage, **{"recording": None, **changed})
        return Preview(announcement(outage, outage.places[:1], datetime.now(UTC)), number)

    async def of_new(self, person: Person, new: NewOutage) -> Preview:
        """As callers would hear an outage that is to be opened. Raises `BadOutage`."""
        houses = [place.house_id for place in new.places]
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(SQL["new"], new.company_id, new.kind, houses)
        if row is None or row["address"] is None:
            raise BadOutage("unknown", "places" if row else "kind")
        check_spoken(new.given(), row["language"])
        facts = OutageFacts(
            language=row["language"],
            said=row["said"],
            planned=new.planned,
            since=new.since,
            until=new.until,
            cause=new.cause,
            workers=new.workers,
            message=new.message,
            zone=ZoneInfo(row["zone"]),
        )
        said = tuple(sentences(facts, [row["address"]], datetime.now(UTC)))
        return Preview(Speech(said, row["language"]), row["number"])

    async def sound(self, preview: Preview, recorded: bytes | None = None) -> bytes:
        """The whole announcement with the ticket's number, as a WAV file. Raises `SpeechError`.

        `recorded`: heard in place of the text.
        """
        alaw = recorded or await self._alaw(preview.speech)
        whole = await self._voice.with_number(alaw, preview.speech.language, preview.number)
        return await asyncio.to_thread(sound.to_wav, whole)

    async def _alaw(self, speech: Speech) -> bytes:
        if speech.recording:
            found = await self._recordings.sound(speech.recording)
        else:
            found = (await self._voice.speak([speech])).get(speech)
        if found is None:
            raise SpeechError("the announcement could not be spoken")
        return found


PREVIEWS = web.AppKey("outage_previews", Previews)
