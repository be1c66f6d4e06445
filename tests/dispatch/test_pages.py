import pytest

from callcenter.dispatch.delivery import HandoverChannel
from callcenter.dispatch.texts import crew_states, letter
from callcenter.domain.ticket import OPEN
from callcenter.tickets.texts import ticket_texts
from callcenter.web.language import LANGUAGES
from tests.conftest import by_owner
from tests.dispatch.crew import add_crew, add_ticket, assignment
from tests.dispatch.test_crew_pages import path_of
from tests.site import Site

REASON = "mail refused: 550 <b>no such mailbox</b>"


async def fail(site: Site, state: str = "dead") -> int:
    """A message that did not arrive."""
    company = await site.pool.fetchval("select id from companies")
    crew = await add_crew(site.pool, company, name="Дежурные", email="crew@example.org")
    await path_of(site, await add_ticket(site.pool, company, crew))
    await site.pool.execute(by_owner("truncate pgqueuer"))
    await site.pool.execute("update deliveries set state = $1, attempts = 10, problem = $2", state, REASON)
    return int(await site.pool.fetchval("select id from deliveries"))


async def test_a_dead_message_is_shown_with_its_reason_and_sent_again_once(site: Site):
    delivery = await fail(site)
    async with site.browser("vera") as vera:
        text = await (await vera.get("/deliveries")).text()
        for shown in ("Заявка № 1053", "Дежурные", "Почтовый сервер не принял письмо.", "550 &lt;b&gt;no such mailbox"):
            assert shown in text, shown
        for _ in range(2):
            assert (await vera.post(f"/deliveries/{delivery}/again")).status == 303
        assert "Ещё не отправлялось" not in await (await vera.get("/deliveries")).text()
    row = await site.pool.fetchrow("select state, attempts from deliveries")
    assert (row["state"], row["attempts"]) == ("waiting", 0)
    assert [job["payload"] for job in await site.pool.fetch("select payload from pgqueuer")] == [str(delivery).encode()]
    audited = await site.pool.fetch("select operator_id, details from audit_log where action = 'sent again'")
    assert [(row["operator_id"], row["details"]) for row in audited] == [(site.ids["vera"], {"delivery": delivery})]


async def test_an_old_link_in_a_message_that_is_sent_again_works(site: Site):
    delivery = await fail(site)
    await site.pool.execute("update crew_links set expires_at = now()")
    async with site.browser("vera") as vera:
        await vera.post(f"/deliveries/{delivery}/again")
    assert await site.pool.fetchval("select expires_at > now() + interval '6 days' from crew_links")


async def test_an_empty_list_says_so_and_nothing_can_be_sent_again(site: Site):
    async with site.browser("vera") as vera:
        assert "Все сообщения доставлены бригадам." in await (await vera.get("/deliveries")).text()
        assert (await vera.post("/deliveries/7/again")).status == 303


async def test_only_who_may_send_again_sees_them(site: Site):
    delivery = await fail(site)
    for login in ("anna", "maria", "kirill"):
        async with site.browser(login) as browser:
            assert (await browser.get("/deliveries")).status == 403
            assert (await browser.post(f"/deliveries/{delivery}/again")).status == 403


def test_the_letter_is_in_the_crews_language():
    subject, text = letter(assignment(description='"Течёт" <вода> & пар'))
    assert subject == "Заявка № 1053: Стояк, Москва, Набережная ул., 12"
    for line in (
        "Засор канализации",
        '"Течёт" <вода> & пар',
        "Где: Москва, Набережная ул., 12, подъезд 3, кв. 417",
        "Контакт: Иванова Анна +79001234567",
        "Срок: 5 мар., 14:30",
        "Ответственный: Пётр Сидоров",
        "https://desk.example.org/w/token",
    ):
        assert line in text.splitlines(), line
    subject, text = letter(assignment(language="en", subject="", category="Blocked sewer", address="", due_at=None))
    assert subject == "Ticket No. 1053: Blocked sewer"
    assert "Where:" not in text
    assert "Accept the ticket and report on it here:" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crew_reads_where_its_ticket_is_in_every_state_in_which_the_link_works(language: str):
    assert crew_states(language).keys() == set(OPEN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_history_says_in_words_how_a_ticket_was_sent(language: str):
    assert ticket_texts(language).ways.keys() == set(HandoverChannel)
    assert not set(HandoverChannel) & set(ticket_texts(language).ways.values())
