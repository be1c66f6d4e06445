import io
import re

import aiohttp
import pytest
from PIL import Image

from callcenter.tickets.files import LARGEST
from tests.site import Browser
from tests.tickets.ticket_work import Work


def photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(made, "JPEG")
    return made.getvalue()


async def upload(
    browser: Browser, ticket_id: int, data: bytes, name: str = "Фото.png", field: str = "file"
) -> tuple[int, str]:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field(field, io.BytesIO(data), filename=name, content_type="image/png")
    answer = await browser.http.post(
        f"/tickets/{ticket_id}/files",
        data=form,
        headers={"Origin": browser.origin, "Accept": "text/html"},
        allow_redirects=False,
    )
    return answer.status, await answer.text()


async def test_a_photograph_is_kept_and_given_back_as_a_download(work: Work):
    ticket = await work.ticket()
    data = photo()
    assert (await upload(work.vera, ticket.id, data))[0] == 303
    text = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    [link] = re.findall(rf'href="(/tickets/{ticket.id}/files/\d+)" download>Фото.jpg<', text)
    assert "Добавлен файл" in text
    answer = await work.vera.get(link)
    assert (answer.status, await answer.read()) == (200, data)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"Foto.jpg\"; filename*=UTF-8''%D0%A4%D0%BE%D1%82%D0%BE.jpg"
    )
    [key] = work.site.shelf.objects
    assert re.fullmatch(rf"tickets/{ticket.id}/[0-9a-f]{{32}}", key)
    looked = await work.site.pool.fetchval("select count(*) from audit_log where action = 'viewed file'")
    assert looked == 1


async def test_what_is_no_photograph_is_refused_and_not_kept(work: Work):
    ticket = await work.ticket()
    for data, status, said in (
        (b"", 422, "Этот файл пуст."),
        (b"<html>", 422, "Можно добавить только фотографии"),
        (b"%PDF-" + bytes(LARGEST), 413, "Файл может быть до 20 МБ"),
        (b"%PDF-" + bytes(LARGEST + 10**6), 413, "Файл может быть до 20 МБ"),
    ):
        answered, text = await upload(work.vera, ticket.id, data)
        assert answered == status
        assert said in text
    for name, field in (("a.jpg", "other"), ("", "file")):
        answered, text = await upload(work.vera, ticket.id, photo(), name, field)
        assert answered == 422
        assert "Сначала выберите файл." in text
    work.site.shelf.broken = True
    answered, text = await upload(work.vera, ticket.id, photo())
    assert answered == 503
    assert "Сейчас файл не сохраняется" in text
    assert work.site.shelf.objects == {}
    assert await work.site.pool.fetchval("select count(*) from ticket_files") == 0


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"file=x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"no boundary here"),
    ],
)
async def test_what_is_no_form_is_refused(work: Work, kind: str, body: bytes):
    ticket = await work.ticket()
    headers = {"Origin": work.vera.origin, "Content-Type": kind}
    answer = await work.vera.http.post(f"/tickets/{ticket.id}/files", data=body, headers=headers)
    assert answer.status in (400, 422)
    assert work.site.shelf.objects == {}


async def test_a_ticket_holds_so_many_files(work: Work):
    ticket = await work.ticket()
    await work.site.pool.execute(
        "insert into ticket_files (ticket_id, name, media_type, size, sha256, object_key)"
        " select $1, 'a.pdf', 'application/pdf', 1, $2, 'k' || n from generate_series(1, 50) n",
        ticket.id,
        bytes(32),
    )
    answered, text = await upload(work.vera, ticket.id, photo())
    assert answered == 422
    assert "уже максимум файлов" in text


async def test_files_of_another_ticket_or_company_are_not_found(work: Work):
    ticket, other = await work.ticket(), await work.ticket()
    await upload(work.vera, ticket.id, photo())
    file = await work.site.pool.fetchval("select id from ticket_files")
    assert (await work.vera.get(f"/tickets/{other.id}/files/{file}")).status == 404
    assert (await work.vera.get(f"/tickets/{ticket.id}/files/{10**17}")).status == 404
    async with work.site.browser("maria") as maria:
        assert (await maria.get(f"/tickets/{ticket.id}/files/{file}")).status == 200
        rival = await work.site.pool.fetchval("insert into companies (name) values ('Чужая') returning id")
        await work.site.pool.execute("update operators set company_id = $1 where login = 'maria'", rival)
        assert (await maria.get(f"/tickets/{ticket.id}/files/{file}")).status == 404
    work.site.shelf.broken = True
    assert (await work.vera.get(f"/tickets/{ticket.id}/files/{file}")).status == 503


async def test_a_paper_of_many_pieces_is_kept_whole(work: Work):
    ticket = await work.ticket()
    assert (await upload(work.vera, ticket.id, b"%PDF-" + bytes(3 * 10**6), "акт.pdf"))[0] == 303
    [kept] = work.site.shelf.objects.values()
    assert kept == b"%PDF-" + bytes(3 * 10**6)
