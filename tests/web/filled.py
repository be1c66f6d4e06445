"""A site with something of everything, so that no page of it is empty."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from callcenter.common.address_keys import fill_keys
from callcenter.common.passwords import digest, new_token
from callcenter.domain.operator import OperatorStatus
from callcenter.push.messages import DeadlinesMessage, SafetyMessage, TrunksMessage
from callcenter.push.outage_messages import OutageFiguresMessage, OutageFiguresRow
from callcenter.storage import prepare_connection
from callcenter.web.language import LANGUAGES
from stack.generate import Size, generate
from tests.dispatch.test_crew_pages import LINKS
from tests.dispatch.test_pages import fail
from tests.evidence_packs.packing import write_ticket
from tests.listening.listening_work import Tapes
from tests.listening.test_review_pages import FULL
from tests.messages import call_outage, card, limit, operator, outage_row, outages, presence_of, queue, ringing
from tests.outages.test_flat_pages import tell
from tests.outages.test_public_pages import off
from tests.outages.test_recipient_pages import FORM
from tests.people.test_pages import add, link_in
from tests.people.test_recovery_codes import turn_on
from tests.people.test_telephone_links import link as telephone_link
from tests.sharing.link_work import open_shared
from tests.site import BOX, Site
from tests.tickets.ticket_work import Work, open_work
from tests.trunks.test_pages import TYPED

REMOVAL = """
insert into keeping_terms (company_id, kind, months) select id, unnest(array['tickets', 'calls', 'audit']), 36 from companies;
insert into keeping_runs (company_id, day, finished_at, terms, removed, left_behind, entry)
    select id, now(), now(), jsonb_build_object('calls', jsonb_build_object('months', 36, 'until', now())),
        '{"calls": 120, "files": 3, "entries": 2}', '{"calls": {"hold": 2, "open": 1}}', 17 from companies;
insert into keeping_requests (company_id, resident_id, removed, left_behind)
    select id, 7, '{"residents": 1}', '{"tickets": {"open": 1}}' from companies
"""


@dataclass
class Filled:
    """What stands in addresses, by name: ids, and the secrets of links."""

    site: Site
    known: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def fill_everything(site: Site, owner_url: str) -> AsyncIterator[Filled]:
    """Fill the site by its own pages where these can, and with a made-up journal of some months."""
    filled = Filled(site)
    async with open_work(site) as work:
        filled.known |= work.ids
        await _tickets(filled, work)
        await _recordings(filled, work)
        await _outages(filled)
        await _administration(filled)
        await _journal(owner_url)
        await _screens(site)
        yield filled


async def _tickets(filled: Filled, work: Work) -> None:
    site, known = filled.site, filled.known
    await fail(site)
    link = LINKS.url(await site.pool.fetchval("select assignment from crew_links where ended_at is null"))
    known["crew link"] = link.rpartition("/")[2]
    known["crew ticket"] = await site.pool.fetchval("select ticket_id from crew_links where ended_at is null")
    assert (await work.vera.post(f"/tickets/{known['crew ticket']}/crew-list")).status == 303
    made = await site.pool.fetchval("select list from crew_lists")
    known["crew list"] = LINKS.list_token(made)
    async with open_shared(work) as shared:
        known["shared"] = (await shared.link()).token
        known["with pin"] = (await shared.link(with_pin=True)).token
        known["shared ticket"] = shared.ticket_id
    known["ticket"] = (await write_ticket(work)).id
    assert (await work.vera.post(f"/tickets/{known['ticket']}/evidence", language="ru")).status == 303
    known["incident"] = (await work.ticket(subject="Нет воды во всём доме", house_id=known["house"])).id
    await work.ticket(subject="Нет воды", house_id=known["house"], parent_id=known["incident"])


async def _recordings(filled: Filled, work: Work) -> None:
    tapes = Tapes(filled.site)
    await tapes.open()
    now = datetime.now(UTC)
    filled.known["recording"] = heard = await tapes.record("heard", at=now - timedelta(hours=1), subject="Течёт стояк")
    await tapes.record("missing", at=now - timedelta(hours=2), state="missing")
    await work.vera.post(f"/listening/{heard}/begin", reason="quality")
    assert (await work.vera.post(f"/listening/{heard}/review", card="0", **FULL)).status == 303


async def _outages(filled: Filled) -> None:
    site, known = filled.site, filled.known
    company = known["company"]
    await site.pool.execute("update companies set outage_page = 'zarechye' where id = $1", company)
    known["flats off"] = await site.pool.fetchval(
        "with h as (insert into houses (company_id, city, street, building) values ($1, 'Заречный', 'ул. Мира', '7')"
        " returning id), p as (insert into premises (house_id, flat) select h.id, n::text from h, generate_series(1, 9) n)"
        " select id from h",
        company,
    )
    known["heard outage"] = (await tell(site, known["flats off"])).outage
    known["outage"] = await off(site, known["house"], message="Вода подвозится к подъезду 2")
    soon = datetime.now(UTC) + timedelta(days=2)
    await off(site, known["house"], kind="power", planned=True, since=soon, until=soon + timedelta(hours=3))
    async with site.browser("alla") as alla:
        assert (await alla.post("/outages/recipients", company=str(company), **FORM)).status == 303
    known["recipient"] = await site.pool.fetchval("select id from outage_recipients")
    await site.pool.execute(
        "insert into outage_notices (outage_id, recipient_id, event, body, key, state, attempts, problem)"
        " values ($1, $2, 'opened', '{}', 'k', 'dead', 10, 'mail refused: 550 no such mailbox')",
        known["outage"],
        known["recipient"],
    )


async def _administration(filled: Filled) -> None:
    site, known = filled.site, filled.known
    known["twin"] = await site.pool.fetchval(
        "insert into houses (company_id, city, street, building) select company_id, city, street || 'я', building"
        " from houses where id = $1 returning id",
        known["house"],
    )
    async with site.pool.acquire() as connection:
        await fill_keys(connection)
    known["sheet"] = await site.pool.fetchval(
        "insert into directory_uploads (operator_id, name, body) values ($1, 'дома.csv', $2) returning id",
        site.ids["alla"],
        "Реестр;;\nУлица;Дом;Кв.\nЛесная;3;1\n".encode(),
    )
    async with site.browser("alla") as alla, site.browser("boris") as boris:
        status, page = await add(alla)
        assert status == 200
        known["invitation"] = link_in(page).rpartition("/")[2]
        assert (await alla.post("/trunks/new", **TYPED)).status == 303
        assert (await alla.post("/trunks/rules", purpose="resident", prefix="+7", active="on")).status == 303
        await turn_on(boris)
        # Each works once, and the pages are opened in two languages.
        await alla.post(f"/people/{site.ids['alla']}/telephone", endpoint="desk-8", kind="device")
        for language, login in (("ru", "vera"), ("en", "alla")):
            known[f"telephone link {language}"] = (await telephone_link(site, alla, login)).rpartition("/")[2]
    async with site.browser("maria") as maria:
        answer = await maria.http.post(
            "/account/tokens",
            data={"name": "1С", "days": "90", "scopes": "tickets:read"},
            headers={"Origin": maria.origin},
        )
        assert answer.status == 200
        form = {"period": "month", "format": "csv"}
        assert (await maria.post("/reports/exports", **form)).status == 303
    known["trunk"] = await site.pool.fetchval("select id from trunks")
    await site.pool.execute(REMOVAL)
    # With the telephone in the browser.
    await site.pool.execute("update operators set endpoint = 'web-boris', sip_version = 0 where login = 'boris'")
    known["person"] = site.ids["anna"]
    await site.pool.execute(
        "update operators set endpoint = 'desk-7', sip_secret = $1, extension = '207' where login = 'vera'",
        BOX.seal("secret"),
    )
    # Each works once, and is used in one language.
    for name in ("telephone link", *(f"telephone link {language}" for language in LANGUAGES)):
        known[name] = token = new_token()
        await site.pool.execute(
            "insert into telephone_links (token_hash, operator_id, expires_at) values ($1, $2, now() + interval '1 hour')",
            digest(token),
            site.ids["vera"],
        )
    known["category"] = known["sewer"]


async def _journal(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        await prepare_connection(connection)
        await connection.execute("select set_config('callcenter.demo', 'yes', false)")
        await generate(connection, Size(300, 600))
    finally:
        await connection.close()


async def _screens(site: Site) -> None:
    """What operators and supervisors see live."""
    now = datetime.now(UTC)
    me = f"operator:{site.ids['anna']}"
    row = OutageFiguresRow(id=3, calls=212, hearing=4, helped=180, waiting=7, tickets=95)
    for audience, body, kind in (
        ("all", queue(22, oldest=now), None),
        ("all", outages(outage_row()), None),
        ("all", OutageFiguresMessage(figures=(row,)), None),
        (
            me,
            presence_of(now, OperatorStatus.TALKING),
            None,
        ),
        (me, card(now, "Иванова Анна", outage=call_outage()), None),
        (me, ringing(now), None),
        ("supervisors", operator(now, OperatorStatus.TALKING), f"operator/{site.ids['anna']}"),
        ("supervisors", operator(now), f"operator/{site.ids['boris']}"),
        (
            "supervisors",
            DeadlinesMessage(late=1, due_soon=1, next=(limit(now, late=True), limit(now, late=False))),
            None,
        ),
        ("supervisors", SafetyMessage(late=1, missing=1, altered=1, disks=("node1",), logs=("node1",)), None),
        ("supervisors", TrunksMessage(down=("alpha",)), None),
    ):
        await site.push(audience, body, kind)
