"""Links to a ticket's recordings on the ticket's page: made, sent, listed, revoked."""

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from callcenter.common.smtp import MAIL_SERVER, MailServer
from callcenter.sharing.links import SHARE_LINKS, ShareLinks
from tests.dispatch.crew import mailbox, smtp_settings
from tests.sharing.link_work import AUDIO, Shared, add_call, add_recording, open_shared, shown_link
from tests.site import Site, put_in_place
from tests.tickets.ticket_work import open_work


@pytest.fixture
async def shared(site: Site) -> AsyncIterator[Shared]:
    async with open_work(site) as work, open_shared(work) as shared:
        yield shared


async def make(shared: Shared, **typed: object) -> tuple[int, str]:
    given: dict[str, object] = {
        "recordings": [str(each) for each in shared.recordings], "recipient": "Иванов И. И.", "email": "",
        "purpose": "Ответ на претензию", "language": "ru", "days": "7", "fetches": "3",
    }  # fmt: skip
    form = aiohttp.FormData()
    for name, value in (given | typed).items():
        for each in value if isinstance(value, list) else [value]:
            form.add_field(name, str(each))
    async with shared.work.vera.http.post(
        f"/tickets/{shared.ticket_id}/links", data=form, headers={"Origin": shared.work.vera.origin}
    ) as answer:
        return answer.status, await answer.text()


async def ticket_page(shared: Shared) -> str:
    return await (await shared.work.vera.get(f"/tickets/{shared.ticket_id}")).text()


async def test_a_link_is_made_shown_once_and_works(shared: Shared):
    status, text = await make(shared)
    assert status == 200
    path = shown_link(text)
    assert re.fullmatch(r"/l/[\w-]{22}", path)
    assert "ПИН-код; сообщите" not in text
    listed = await ticket_page(shared)
    assert path not in listed
    for words in ("Иванов И. И.", "Ответ на претензию", "2 записи", "каждая 3 раза", "Ещё не использовалась"):
        assert words in listed, words
    async with shared.work.site.browser() as guest:
        assert await (await guest.get(f"{path}/1/original")).read() == AUDIO
    listed = await ticket_page(shared)
    for words in ("1 использование", "Скачан оригинал", "запись 1", "127.0.0.1"):
        assert words in listed, words


async def test_a_pin_is_shown_once_and_sent_separately(shared: Shared):
    status, text = await make(shared, pin="1")
    [pin] = re.findall(r'class="pin-shown">(\d{6})<', text)
    assert status == 200
    assert pin not in await ticket_page(shared)
    async with shared.work.site.browser() as guest:
        path = shown_link(text)
        assert (await guest.post(f"{path}/pin", origin="null", pin=pin)).status == 303
        assert "Иванов И. И." in await (await guest.get(path)).text()


async def test_a_revoked_link_works_no_more_and_cannot_be_revoked_again_or_from_another_ticket(shared: Shared):
    path = shown_link((await make(shared))[1])
    link = await shared.pool.fetchval("select id from share_links")
    other = await shared.work.ticket()
    async with shared.work.site.browser() as guest:
        for ticket, expected in ((other.id, 404), (shared.ticket_id, 303), (shared.ticket_id, 404)):
            answer = await shared.work.vera.post(f"/tickets/{ticket}/links/{link}/revoke")
            await answer.read()
            assert answer.status == expected
            assert (await (await guest.get(path)).text()).count("Иванов") == (1 if ticket == other.id else 0)
    text = await ticket_page(shared)
    assert "Отозвана" in text
    assert "отозвал(а) Вера Старшая" in text
    row = await shared.pool.fetchrow("select operator_id, details from audit_log where action = 'revoked link'")
    assert (row["operator_id"], row["details"]) == (shared.work.person.id, {"link": link})


BAD = [
    ({"recordings": []}, "Выберите хотя бы одну запись"),
    ({"recordings": ["../../etc/passwd"]}, "Выберите хотя бы одну запись"),
    ({"recordings": ["999999"]}, "Выберите хотя бы одну запись"),
    ({"recipient": "  "}, "Заполните"),
    ({"recipient": "a" * 201}, "Слишком длинно"),
    ({"purpose": ""}, "Заполните"),
    ({"purpose": "a\0b"}, "Уберите"),
    ({"email": "nobody"}, "Адрес эл. почты указан неверно"),
    ({"email": "a@example.org, b@example.org"}, "Адрес эл. почты указан неверно"),
    ({"email": "a@example.org\r\nBcc: b@example.org"}, "Адрес эл. почты указан неверно"),
    ({"days": "0"}, "Введите число от 1 до 90"),
    ({"days": "91"}, "Введите число от 1 до 90"),
    ({"days": "٣"}, "Введите число от 1 до 90"),
    ({"fetches": "101"}, "Введите число от 1 до 100"),
    ({"fetches": "-1"}, "Введите число от 1 до 100"),
    ({"fetches": "9" * 400}, "Введите число от 1 до 100"),
    ({"language": "de"}, "Выберите из списка"),
]


@pytest.mark.parametrize(("typed", "told"), BAD)
async def test_what_makes_no_sense_is_named_and_nothing_typed_is_lost(
    shared: Shared, typed: dict[str, object], told: str
):
    status, text = await make(shared, **typed)
    assert status == 422
    assert told in text
    assert 'id="made-link"' not in text
    if "purpose" not in typed:
        assert 'value="Ответ на претензию"' in text
    assert await shared.pool.fetchval("select count(*) from share_links") == 0


async def test_a_recording_of_another_ticket_is_not_shared(shared: Shared):
    other = await shared.work.ticket()
    await add_call(shared.work, other.id, "node1-2")
    theirs = await add_recording(shared.work, other.id, "theirs")
    assert (await make(shared, recordings=[str(shared.recordings[0]), str(theirs)]))[0] == 422
    assert await shared.pool.fetchval("select count(*) from share_links") == 0


async def test_a_ticket_without_recordings_offers_nothing(shared: Shared):
    other = await shared.work.ticket()
    text = await (await shared.work.vera.get(f"/tickets/{other.id}")).text()
    assert "нет записей, которыми можно поделиться" in text
    assert f'action="/tickets/{other.id}/links' not in text


async def test_the_link_is_sent_to_its_one_recipient_without_the_pin(shared: Shared):
    async with mailbox() as box:
        use_mail(shared, box.port)
        status, text = await make(
            shared, email="ivanov@example.org", pin="1", language="en", recipient="Ivanov\r\nBcc: x"
        )
        letter = box.letters.get_nowait()
    [pin] = re.findall(r'class="pin-shown">(\d{6})<', text)
    assert (status, box.recipients) == (200, [["ivanov@example.org"]])
    assert letter["Bcc"] is None
    body = letter.get_content()
    assert shown_link(text) in body
    assert pin not in body + letter["Subject"]
    assert "УК «Заречье» shares with you 2 recordings" in body
    assert "asked for a PIN" in body
    assert "Отправлено на ivanov@example.org" in text
    row = await shared.pool.fetchrow("select sent_at, problem from share_links")
    assert row["sent_at"] is not None
    assert row["problem"] == ""


async def test_a_letter_that_could_not_be_sent_is_said_so_and_the_link_can_be_copied(shared: Shared):
    async with mailbox() as box:
        use_mail(shared, box.port)
        box.answer = "550 no such mailbox"
        status, text = await make(shared, email="nobody@example.org")
    assert status == 200
    assert "Ссылка создана, но письмо не отправлено" in text
    async with shared.work.site.browser() as guest:
        assert (await guest.get(shown_link(text))).status == 200
    assert "Не отправлено на nobody@example.org" in await ticket_page(shared)
    assert await shared.pool.fetchval("select problem from share_links") == "mail refused"


def use_mail(shared: Shared, port: int) -> None:
    put_in_place(shared.work.site.server.app, MAIL_SERVER, MailServer(smtp_settings(port)))


async def test_who_may_not_share_sees_no_links(shared: Shared):
    await make(shared)
    for login in ("anna", "maria"):
        async with shared.work.site.browser(login) as browser:
            text = await (await browser.get(f"/tickets/{shared.ticket_id}")).text()
            assert "Засор" in text
            assert 'id="links"' not in text
            answer = await browser.post(f"/tickets/{shared.ticket_id}/links", recipient="x")
            await answer.read()
            assert answer.status == 403
    assert isinstance(shared.work.site.server.app[SHARE_LINKS], ShareLinks)
