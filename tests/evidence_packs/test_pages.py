"""Evidence packs from the ticket's page: ordered, made by a real worker, downloaded, and found genuine."""

import json
import re
import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from callcenter.common.file_jobs import ATTEMPTS
from callcenter.common.jobs import Again
from callcenter.evidence.manifest import fingerprint
from callcenter.evidence.verify import verify
from callcenter.recordings.store import Store
from callcenter.settings import EvidenceSettings, S3Settings
from callcenter.tickets.call_tickets import CallTickets
from callcenter.tickets.ticket import Ticket
from callcenter.web.keys import SETTINGS
from tests.conftest import by_owner, emptied
from tests.evidence_packs.packing import AUDIO, CALL, COPY, SIGNING, making, over, write_ticket
from tests.recordings.conftest import wav
from tests.recordings.packed import packed_bytes
from tests.site import Site, put_in_place
from tests.tickets.ticket_work import Work, open_work


@pytest.fixture
async def work(site: Site) -> AsyncIterator[Work]:
    await site.pool.execute(by_owner("truncate pgqueuer"))
    async with open_work(site) as work:
        yield work


@pytest.fixture
async def ticket(work: Work) -> Ticket:
    return await write_ticket(work)


async def made(work: Work, ticket: Ticket, url: str, path: Path, language: str = "ru") -> Path:
    async with making(work, url):
        answer = await work.vera.post(f"/tickets/{ticket.id}/evidence", language=language)
        assert answer.status == 303
        pack, problem = await over(work)
        assert problem == ""
    answer = await work.vera.get(f"/tickets/{ticket.id}/evidence/{pack}")
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="evidence-{ticket.number}-{pack}.zip"'
    path.write_bytes(await answer.read())
    return path


async def test_a_pack_holds_everything_and_is_genuine(work: Work, ticket: Ticket, database_url: str, tmp_path: Path):
    pack = await made(work, ticket, database_url, tmp_path / "pack.zip")
    verdict = verify(pack, fingerprint(SIGNING))
    assert verdict.faults == []
    assert verdict.manifest is not None
    assert (verdict.manifest.ticket.number, verdict.manifest.company.name) == (ticket.number, "УК «Заречье»")
    with zipfile.ZipFile(pack) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    first, second = verdict.manifest.recordings
    assert files[str(first.original)] == AUDIO[7]
    assert files[str(second.original)] == AUDIO[8]
    assert (files[str(first.copy_)], second.copy_) == (COPY, None)
    [call] = json.loads(files["timeline.json"])["calls"]
    assert [talk["operator"] for talk in call["talks"]] == ["Анна Петрова", "Борис Волков"]
    assert len(call["pauses"]) == len(call["events"]) == 1
    assert {line["step"] for line in json.loads(files["timeline.json"])["deadlines"]} == {"tell", "localise", "repair"}
    journal = json.loads(files["journal.json"])
    assert journal["ticket"]["description"] == "С потолка\nльётся"
    assert [entry["kind"] for entry in journal["entries"]] == ["opened", "comment", "moved"]
    assert journal["holds"][0]["reason"] == "Иск"
    kinds = [json.loads(json.loads(line)["entry"])["kind"] for line in files["ledger.jsonl"].splitlines()]
    way = ["recording recorded", "recording verified", "recording attached"]
    assert kinds == ["hold placed", *way, *way, "copy made", "pack ordered"]


async def test_the_text_of_other_tickets_is_hidden_and_still_chained(
    work: Work, ticket: Ticket, database_url: str, tmp_path: Path
):
    other = await work.ticket(subject="Чужая беда")
    for number in range(3):
        said = {"ticket": other.id, "secret": f"тайна {number}"}
        await work.site.pool.execute("select append_ledger($1, 'tried', $2)", ticket.company_id, said)
    pack = await made(work, ticket, database_url, tmp_path / "pack.zip")
    verdict = verify(pack)
    assert verdict.faults == []
    text = pack.read_bytes().decode(errors="replace")
    assert "тайна" not in text
    assert "Чужая" not in text
    assert text.count('"content": ') == 3


@pytest.mark.parametrize(("language", "title"), [("ru", "Пакет доказательств"), ("en", "Evidence pack")])
async def test_the_page_is_in_the_language_asked_for(
    work: Work, ticket: Ticket, database_url: str, tmp_path: Path, language: str, title: str
):
    pack = await made(work, ticket, database_url, tmp_path / "pack.zip", language)
    with zipfile.ZipFile(pack) as opened:
        page = opened.read("evidence.pdf")
    assert page.startswith(b"%PDF-")
    # The title stands in the description of the file, in UTF-16 where ASCII does not do.
    assert title.encode("utf-16-be").hex().encode() in page or title.encode() in page


async def test_ordering_making_and_taking_are_chained_and_audited(
    work: Work, ticket: Ticket, database_url: str, tmp_path: Path
):
    await made(work, ticket, database_url, tmp_path / "pack.zip")
    kinds = await work.site.pool.fetch("select kind from ledger_entries where kind like 'pack%' order by seq")
    assert [row["kind"] for row in kinds] == ["pack ordered", "pack made", "pack taken"]
    actions = await work.site.pool.fetch("select action from audit_log where action like '%pack' order by id")
    assert [row["action"] for row in actions] == ["ordered evidence pack", "downloaded evidence pack"]


async def test_an_original_that_is_altered_or_lost_is_never_signed(work: Work, ticket: Ticket, database_url: str):
    objects = work.site.shelf.objects
    objects["recordings/1.wav"] += b"!"
    async with making(work, database_url):
        await work.vera.post(f"/tickets/{ticket.id}/evidence")
        assert (await over(work))[1] == "altered"
    page = await (await work.vera.get(f"/tickets/{ticket.id}/evidence")).text()
    assert "не совпадает с тем, что было записано" in page
    assert not [key for key in objects if key.startswith("evidence/")]


async def test_a_ledger_that_was_altered_is_never_signed(work: Work, ticket: Ticket, database_url: str):
    await work.site.pool.execute(by_owner("alter table ledger_entries disable trigger only_added"))
    await work.site.pool.execute(
        by_owner("update ledger_entries set entry = replace(entry, 'Иск', 'Иск!') where kind = 'hold placed'")
    )
    await work.site.pool.execute(by_owner("alter table ledger_entries enable trigger only_added"))
    async with making(work, database_url):
        await work.vera.post(f"/tickets/{ticket.id}/evidence")
        assert (await over(work))[1] == "ledger"


async def test_a_missing_recording_is_reported(work: Work, ticket: Ticket, database_url: str, tmp_path: Path):
    await work.site.pool.execute(
        "insert into recordings (name, node, call_id, ticket_id, state, defect)"
        " values ('lost', 'node1', 'node1-1.1', $1, 'missing', 'no file')",
        ticket.id,
    )
    verdict = verify(await made(work, ticket, database_url, tmp_path / "pack.zip"))
    assert verdict.faults == []
    assert verdict.manifest is not None
    assert [(each.state, each.because, each.original) for each in verdict.manifest.recordings][-1] == (
        "missing", "no file", None,
    )  # fmt: skip


async def test_while_the_store_is_down_the_pack_waits_and_at_last_fails(work: Work, ticket: Ticket, database_url: str):
    await work.vera.post(f"/tickets/{ticket.id}/evidence")
    pack = str(await work.site.pool.fetchval("select id from evidence_packs"))
    async with making(work, database_url.replace("callcenter", "nowhere_at_all")) as maker:
        work.site.shelf.broken = True
        for _ in range(ATTEMPTS - 1):
            with pytest.raises(Again):
                await maker._handle(pack)
        await maker._handle(pack)
    assert await work.site.pool.fetchval("select problem from evidence_packs") == "store"


async def test_a_third_pack_at_a_time_is_refused(work: Work, ticket: Ticket):
    answers = [await work.vera.post(f"/tickets/{ticket.id}/evidence") for _ in range(3)]
    assert [answer.status for answer in answers] == [303, 303, 429]
    page = await (await work.vera.get(f"/tickets/{ticket.id}/evidence")).text()
    assert "data-working" in page
    assert page.count("в очереди") == 2


async def test_without_a_key_the_page_says_what_to_set(work: Work, ticket: Ticket):
    app = work.site.server.app
    put_in_place(app, SETTINGS, app[SETTINGS].model_copy(update={"evidence": EvidenceSettings()}))
    answer = await work.vera.post(f"/tickets/{ticket.id}/evidence")
    assert answer.status == 409
    assert "CALLCENTER_EVIDENCE__KEY" in await answer.text()
    assert await work.site.pool.fetchval("select count(*) from evidence_packs") == 0


async def test_only_those_who_may_see_and_take_packs(work: Work, ticket: Ticket, database_url: str, tmp_path: Path):
    await made(work, ticket, database_url, tmp_path / "pack.zip")
    path = f"/tickets/{ticket.id}/evidence"
    assert re.search(rf'href="{path}"', await (await work.vera.get(f"/tickets/{ticket.id}")).text())
    async with work.site.browser("anna") as anna, work.site.browser("maria") as maria:
        for who in (anna, maria):
            assert (await who.get(path)).status == 403
            assert path not in await (await who.get(f"/tickets/{ticket.id}")).text()
    other = await work.ticket(subject="Другая")
    pack = await work.site.pool.fetchval("select id from evidence_packs")
    assert (await work.vera.get(f"/tickets/{other.id}/evidence/{pack}")).status == 404


async def test_a_pack_whose_time_is_over_is_removed_and_stays_known(
    work: Work, ticket: Ticket, database_url: str, tmp_path: Path
):
    await made(work, ticket, database_url, tmp_path / "pack.zip")
    await work.site.pool.execute("update evidence_packs set expires_at = now()")
    async with making(work, database_url) as maker:
        await maker.tidy()
    assert not [key for key in work.site.shelf.objects if key.startswith("evidence/")]
    page = await (await work.vera.get(f"/tickets/{ticket.id}/evidence")).text()
    assert "больше не хранится" in page
    assert "Скачать" not in page


async def test_on_a_real_store_the_version_that_was_verified_is_packed(
    work: Work, ticket: Ticket, database_url: str, tmp_path: Path, s3: S3Settings
):
    store, audio = Store(s3), tmp_path / "audio"
    await store.ensure_bucket()

    async def put(key: str, body: bytes) -> str | None:
        audio.write_bytes(body)
        return (await store.put(key, audio, sha256(body).digest())).version

    for number, body in enumerate(AUDIO.values()):
        key = f"recordings/{number}.wav"
        version = await put(key, body)
        await work.site.pool.execute("update recordings set version_id = $2 where object_key = $1", key, version)
        await work.site.pool.execute(
            by_owner(f"select chain_recording(r, 'recording verified') from recordings r where object_key = '{key}'")
        )
        # Whoever can write into the store can put something over it, and no more.
        await put(key, b"RIFF another")
    await put("copies/0.ogg", COPY)
    work.site.shelf = store
    async with making(work, database_url):
        await work.vera.post(f"/tickets/{ticket.id}/evidence")
        pack, problem = await over(work)
    assert problem == ""
    path = tmp_path / "pack.zip"
    path.write_bytes(b"".join([piece async for piece in store.open(f"evidence/{pack}.zip")]))
    assert verify(path, fingerprint(SIGNING)).faults == []
    store.close()


async def keep_as_flac(work: Work, wav: bytes, flac: bytes) -> None:
    """The first recording, as if it had been stored so."""
    pool = work.site.pool
    work.site.shelf.objects["recordings/0.flac"] = flac
    await pool.execute(
        "update recordings set object_key = 'recordings/0.flac', sha256 = $1, size = $2, stored_sha256 = $3,"
        " stored_size = $4 where object_key = 'recordings/0.wav'",
        sha256(wav).digest(), len(wav), sha256(flac).digest(), len(flac),
    )  # fmt: skip
    await pool.execute(emptied("ledger_entries", "ledger_heads"))
    await pool.execute(by_owner("select chain_recording(r, 'recording attached') from recordings r"))
    await pool.execute(by_owner("select chain_copy(c) from recording_copies c"))


async def test_what_is_kept_as_flac_is_in_the_pack_as_the_wav_that_it_was(
    work: Work, ticket: Ticket, database_url: str, tmp_path: Path
):
    flac = await packed_bytes(wav(3.0), tmp_path)
    await keep_as_flac(work, wav(3.0), flac)
    pack = await made(work, ticket, database_url, tmp_path / "pack.zip")
    verdict = verify(pack, fingerprint(SIGNING))
    assert verdict.faults == []
    assert verdict.manifest is not None
    [first, _] = verdict.manifest.recordings
    assert first.original == f"originals/{first.id}.wav"
    with zipfile.ZipFile(pack) as opened:
        assert opened.read(first.original) == wav(3.0)
        assert sha256(flac).hexdigest() in opened.read("ledger.jsonl").decode()


async def test_a_damaged_flac_is_never_packed(work: Work, ticket: Ticket, database_url: str, tmp_path: Path):
    flac = await packed_bytes(wav(3.0), tmp_path)
    await keep_as_flac(work, wav(3.0), flac[: len(flac) // 2])
    async with making(work, database_url):
        await work.vera.post(f"/tickets/{ticket.id}/evidence")
        assert (await over(work))[1] == "altered"


async def test_a_recording_in_another_version_than_the_chain_names_is_not_packed(
    work: Work, ticket: Ticket, database_url: str
):
    # The same bytes: it is the version that is not the one that was verified.
    work.site.shelf.objects["recordings/0.wav@2"] = AUDIO[7]
    await work.site.pool.execute("update recordings set version_id = '2' where object_key = 'recordings/0.wav'")
    async with making(work, database_url):
        await work.vera.post(f"/tickets/{ticket.id}/evidence")
        _, problem = await over(work)
    assert problem == "altered"


async def test_the_pack_of_a_second_ticket_of_a_call_holds_the_calls_recordings(
    work: Work, ticket: Ticket, database_url: str, tmp_path: Path
):
    second = await CallTickets(work.site.pool, work.tickets).another(work.person, CALL)
    pack = await made(work, second, database_url, tmp_path / "pack.zip")
    verdict = verify(pack, fingerprint(SIGNING))
    assert verdict.faults == []
    assert verdict.manifest is not None
    assert verdict.manifest.ticket.number == second.number
    with zipfile.ZipFile(pack) as opened:
        found = [opened.read(str(recording.original)) for recording in verdict.manifest.recordings]
    assert found == list(AUDIO.values())
