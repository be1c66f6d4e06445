"""The two fields of the card: filled in, kept while they are typed, saved; and the sentence that was read out."""

import json

from callcenter.domain.deadlines import LimitStep
from tests.site import Browser
from tests.tickets.ticket_work import Work


async def file_it(browser: Browser, path: str, body: object) -> tuple[int, dict[str, object]]:
    data = body if isinstance(body, str) else json.dumps(body)
    headers = {"Origin": browser.origin, "Content-Type": "application/json"}
    answer = await browser.http.post(path, data=data, headers=headers)
    return answer.status, await answer.json() if answer.content_type == "application/json" else {}


async def test_the_card_files_the_ticket_in_two_fields(work: Work):
    ticket = await work.ticket()
    path = f"/tickets/{ticket.id}/filing"
    async with work.site.browser("anna") as anna:
        begun = await (await anna.get(path)).json()
        assert (begun["version"], begun["category_id"], begun["subject"]) == (ticket.version, None, "")
        assert {"id": work.ids["damage"], "name": "Авария"} in begun["categories"]
        typed = {"version": ticket.version, "category_id": work.ids["damage"], "subject": "Течь"}
        status, saved = await file_it(anna, path, typed)
        assert (status, saved["version"], saved["subject"]) == (200, ticket.version + 1, "Течь")
        assert "Авария будет локализована до" in str(saved["read_out"])
        status, newest = await file_it(anna, path, typed | {"subject": "Позже"})
        assert (status, newest["version"], newest["subject"]) == (409, ticket.version + 1, "Течь")
    assert (await work.now(ticket)).subject == "Течь"


BROKEN = [
    ("{", 400, None),
    ("[" * 5000, 400, None),
    ("null", 400, None),
    ({"version": "two", "subject": ""}, 400, None),
    ({"subject": ""}, 400, None),
    ({"version": 2, "subject": "x", "state": "closed"}, 400, None),
    ({"version": 2, "subject": "x" * 201}, 422, "subject"),
    ({"version": 2, "subject": "a\0"}, 422, "subject"),
    ({"version": 2, "subject": "", "category_id": 999999}, 422, "category_id"),
    ({"version": 2, "subject": "", "category_id": 2**40}, 422, "category_id"),
]


async def test_a_broken_filing_is_refused(work: Work):
    ticket = await work.ticket()
    for body, status, field in BROKEN:
        answered, found = await file_it(work.vera, f"/tickets/{ticket.id}/filing", body)
        assert answered == status
        assert set(found.get("problems", {})) == ({field} if field else set())
        assert await work.now(ticket) == ticket


async def test_what_is_typed_is_kept_for_whoever_typed_it_until_it_is_saved(work: Work):
    ticket = await work.ticket()
    page = f"/tickets/{ticket.id}"
    typed = {"category_id": work.ids["damage"], "subject": "Течёт с потол"}
    async with work.site.browser("anna") as anna:
        assert (await (await anna.get(f"{page}/filing")).json())["draft"] is None
        assert (await file_it(anna, f"{page}/draft", typed))[0] == 204
        assert (await file_it(anna, f"{page}/draft", typed | {"subject": "Течёт с потолка"}))[0] == 204
        kept = (await (await anna.get(f"{page}/filing")).json())["draft"]
        assert kept == {"category_id": work.ids["damage"], "subject": "Течёт с потолка"}
        # Nobody else sees it, and the ticket is as it was.
        assert (await (await work.vera.get(f"{page}/filing")).json())["draft"] is None
        assert await work.now(ticket) == ticket
        assert [each.kind for each in await work.tickets.history(work.person, ticket.id)] == ["opened"]
        saved = {"version": ticket.version, "category_id": work.ids["damage"], "subject": "Течёт с потолка"}
        assert (await file_it(anna, f"{page}/filing", saved))[0] == 200
        assert (await (await anna.get(f"{page}/filing")).json())["draft"] is None


BROKEN_DRAFTS = [
    ("{", 400),
    ({"subject": "x" * 201}, 422),
    ({"subject": "a\0"}, 422),
    ({"subject": "", "category_id": 2**40}, 422),
    ({"subject": "", "state": "closed"}, 400),
]


async def test_a_broken_draft_is_refused_and_a_foreign_category_left_out(work: Work):
    ticket = await work.ticket()
    for body, status in BROKEN_DRAFTS:
        assert (await file_it(work.vera, f"/tickets/{ticket.id}/draft", body))[0] == status, body
    assert (await file_it(work.vera, f"/tickets/{ticket.id}/draft", {"subject": "x", "category_id": 999999}))[0] == 204
    assert (await (await work.vera.get(f"/tickets/{ticket.id}/filing")).json())["draft"] == {
        "category_id": None,
        "subject": "x",
    }


async def test_told_counts_before_the_category_is_chosen_and_keeps_its_deadline_met(work: Work):
    ticket = await work.ticket(contact_phone="+79001234567")
    page = f"/tickets/{ticket.id}"
    assert not (await (await work.vera.get(f"{page}/filing")).json())["told"]
    for _ in range(2):
        assert (await file_it(work.vera, f"{page}/told", {}))[0] == 204
    told = [each for each in await work.tickets.history(work.person, ticket.id) if each.kind == "told"]
    assert len(told) == 1
    assert (await (await work.vera.get(f"{page}/filing")).json())["told"]
    sent = {"version": ticket.version, "category_id": work.ids["damage"], "subject": "Течь"}
    assert (await file_it(work.vera, f"{page}/filing", sent))[0] == 200
    limits = {each.step: each.met_at for each in (await work.now(ticket)).deadlines}
    assert limits[LimitStep.TELL] == told[0].at
    assert limits[LimitStep.LOCALISE] is None
