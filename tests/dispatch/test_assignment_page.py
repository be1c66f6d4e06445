"""From the assignment to the page on a phone, by the parts that the program is made of."""

import asyncio
import re

from callcenter.dispatch.install import worker
from callcenter.domain.ticket import Step
from callcenter.tickets.service import TICKETS
from callcenter.web.keys import SETTINGS
from tests.dispatch.crew import WAIT_S, add_crew, add_ticket, mailbox, smtp_settings
from tests.dispatch.test_crew_pages import vera
from tests.site import BOX, Site


async def test_an_assigned_ticket_reaches_the_inbox_and_the_link_in_it_works(site: Site):
    company = await site.pool.fetchval("select id from companies")
    crew = await add_crew(site.pool, company, name="Дежурные", email="crew@example.org")
    ticket = await add_ticket(site.pool, company, crew)
    app = site.server.app
    async with mailbox() as box:
        settings = app[SETTINGS].model_copy(update={"smtp": smtp_settings(box.port)})
        working = asyncio.create_task(worker(settings, site.pool, BOX).run())
        try:
            await app[TICKETS].step(vera(site), ticket.id, None, Step.ASSIGN, crew_id=crew)
            async with asyncio.timeout(WAIT_S):
                letter = await box.letters.get()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    assert letter["Subject"] == "Заявка № 1053: Стояк, Москва, Набережная ул., 12"
    [link] = re.findall(r"^http://\S+$", letter.get_content().replace("\r", ""), re.MULTILINE)
    async with site.browser() as phone:
        answer = await phone.get(link.removeprefix(app[SETTINGS].web.url))
        assert (answer.status, "Заявка № 1053" in await answer.text()) == (200, True)
    assert await site.pool.fetchval("select state from deliveries") == "delivered"
    async with site.browser("vera") as desk:
        text = await (await desk.get(f"/tickets/{ticket.id}")).text()
        assert "Отправлено бригаде" in text
