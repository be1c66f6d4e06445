"""Makes the evidence packs: a job that collects, prints, signs and stores, and can be restarted at any time."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from callcenter.common.file_jobs import FileJobs, FileNotMade
from callcenter.common.object_store import ObjectStore
from callcenter.common.scope import Connection
from callcenter.domain.file_order import PackProblem
from callcenter.errors import ObjectAltered, ObjectMissing
from callcenter.evidence import manifest as form
from callcenter.evidence.chain import Ends, Link, faults
from callcenter.evidence.container import TooLarge
from callcenter.evidence.printed import PrintedDocument, print_document
from callcenter.evidence.seal import seal
from callcenter.evidence_packs.facts import Row, TicketFacts, chain_rows, facts
from callcenter.evidence_packs.packs import JOB
from callcenter.recordings.originals import open_original
from callcenter.storage import queries

log = structlog.get_logger()

SQL = queries("evidence")
CHUNK = 1000
MEDIA = "application/zip"


class PackMaker(FileJobs):
    """Makes packs, signed with `key`, with the page that `write_page` makes in a language.

    A pack can be made again at any time, so it is not stored for ever; the record that it was made remains.
    """

    name, job, sql, kept, tidy_every_s = "evidence pack", JOB, SQL, timedelta(days=30), 3600.0

    def __init__(
        self,
        pool: asyncpg.Pool,
        store: ObjectStore,
        key: Ed25519PrivateKey,
        write_page: Callable[[TicketFacts, str, str], PrintedDocument],
    ) -> None:
        super().__init__(pool, store)
        self._key = key
        self._write_page = write_page

    async def _fail(self, order: int, problem: str) -> None:
        await self._pool.execute(SQL["fail"], order, problem)

    async def _make(self, order: asyncpg.Record) -> None:
        with TemporaryDirectory(prefix="callcenter-evidence-") as place:
            folder, target = Path(place) / "pack", Path(place) / "pack.zip"
            (folder / form.ORIGINALS).mkdir(parents=True)
            (folder / form.COPIES).mkdir()
            known = await self._read(order, folder / form.LEDGER)
            await self._pool.execute(SQL["expect"], order["id"], len(known.recordings) + 2)
            recordings = []
            for row in known.recordings:
                recordings.append(await self._fetch(row, folder))
                await self._pool.execute(SQL["progress"], order["id"])
            await asyncio.to_thread(self._write_texts, known, order, folder)
            await self._pool.execute(SQL["progress"], order["id"])
            try:
                await asyncio.to_thread(seal, folder, _head(known, order, recordings), self._key, target)
            except TooLarge:
                raise FileNotMade(PackProblem.TOO_LARGE) from None
            await self._keep(order, target, known.chain[-1])

    async def _read(self, order: asyncpg.Record, ledger: Path) -> TicketFacts:
        """Read everything in one snapshot, so that the page and the chain are of the same moment."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            known = await facts(connection, order["ticket_id"])
            await self._write_ledger(connection, known, ledger)
        return known

    async def _keep(self, order: asyncpg.Record, target: Path, head: Ends) -> None:
        key = f"evidence/{order['id']}.zip"
        size, found = await self._upload(key, target, MEDIA)
        await self._pool.execute(SQL["ready"], order["id"], key, size, found, head.last, head.head, self.kept)
        log.info("evidence pack ready", pack=order["id"], size=size)

    async def _write_ledger(self, connection: Connection, known: TicketFacts, path: Path) -> None:
        """Write the parts of the chain, verified on the way: a broken one is not signed."""
        with path.open("w", encoding="utf-8") as file:
            for run in known.chain:
                links: list[Link] = []
                cursor = await chain_rows(connection, known, run)
                while rows := await cursor.fetch(CHUNK):
                    links += [Link(row["seq"], row["content"], row["hash"], row["entry"]) for row in rows]
                if list(faults(links, run)):
                    raise FileNotMade(PackProblem.LEDGER)
                file.writelines(link.line() + "\n" for link in links)

    async def _fetch(self, row: Row, folder: Path) -> dict[str, object]:
        """Download the original and the copy into the folder; returns their entry in the manifest."""
        original = copy = None
        if row["object_key"] is not None:
            if not row["as_chained"]:
                raise FileNotMade(PackProblem.ALTERED)
            original = f"{form.ORIGINALS}{row['id']}.wav"
            try:
                whole = open_original(self._store, row["object_key"], version=row["version_id"])
                found = await _download(whole, folder / original)
            except ObjectMissing:
                raise FileNotMade(PackProblem.LOST) from None
            except ObjectAltered:
                raise FileNotMade(PackProblem.ALTERED) from None
            if found != row["sha256"]:
                raise FileNotMade(PackProblem.ALTERED)
        # A copy is for listening; the proof is the original.
        if original is not None and row["copy_key"] is not None:
            if not row["copy_as_chained"]:
                raise FileNotMade(PackProblem.ALTERED)
            copy = f"{form.COPIES}{row['id']}{Path(row['copy_key']).suffix}"
            try:
                stored = self._store.open(row["copy_key"], 0, 0, row["copy_version"])
                found = await _download(stored, folder / copy)
                if found != row["copy_sha256"]:
                    raise FileNotMade(PackProblem.ALTERED)
            except ObjectMissing:
                (folder / copy).unlink()
                copy = None
        names = (
            "id",
            "state",
            "size",
            "duration_s",
            "channels",
            "rate",
            "repaired",
            "defect",
            "recorded_at",
            "because",
        )
        entry = {name: row[name] for name in names}
        hash_ = None if row["sha256"] is None else row["sha256"].hex()
        return entry | {"call": row["call_id"], "sha256": hash_, "original": original, "copy": copy}

    def _write_texts(self, known: TicketFacts, order: asyncpg.Record, folder: Path) -> None:
        _write_json(folder / form.TIMELINE, known.timeline())
        _write_json(folder / form.JOURNAL, known.journal())
        page = self._write_page(known, order["language"], form.fingerprint(self._key))
        print_document(page, folder / form.PRINTED)


async def _download(content: AsyncGenerator[bytes, None], path: Path) -> bytes:
    found = sha256()
    with path.open("wb") as file:
        async with aclosing(content) as pieces:
            async for piece in pieces:
                found.update(piece)
                await asyncio.to_thread(file.write, piece)
    return found.digest()


def _head(known: TicketFacts, order: asyncpg.Record, recordings: Sequence[dict[str, object]]) -> form.Head:
    ticket = known.ticket
    return form.Head.model_validate(
        {
            "pack": order["id"],
            "made_at": known.at,
            "language": order["language"],
            "company": {"id": ticket.company_id, "name": ticket.company, "zone": ticket.zone},
            "ticket": {"id": ticket.id, "number": ticket.number, "opened_at": ticket.opened_at},
            "chain": [
                {"first": run.first, "last": run.last, "before": run.before.hex(), "head": run.head.hex()}
                for run in known.chain
            ],
            "recordings": recordings,
        }
    )


def _write_json(path: Path, held: object) -> None:
    path.write_text(json.dumps(held, ensure_ascii=False, indent=1, default=_plain) + "\n", encoding="utf-8")


def _plain(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat() if isoformat else value)
