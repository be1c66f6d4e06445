"""Trunks."""

from aiohttp import web

from callcenter.common.secret_box import SECRET_BOX
from callcenter.trunks import calling_pages, pages, rule_pages
from callcenter.trunks.rules import RULES, Rules
from callcenter.trunks.trunks import TRUNKS, Trunks
from callcenter.web.keys import POOL, SETTINGS


def install(app: web.Application) -> None:
    pool = app[POOL]
    app[TRUNKS] = Trunks(pool, app[SECRET_BOX])
    app[RULES] = Rules(pool, app[SETTINGS].node)
    for part in (calling_pages, rule_pages, pages):
        app.add_routes(part.routes)
