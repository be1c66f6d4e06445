"""The first start of a company."""

from aiohttp import web

from callcenter.onboarding import pages
from callcenter.onboarding.progress import PROGRESS, Progress
from callcenter.web.keys import POOL


def install(app: web.Application) -> None:
    app[PROGRESS] = Progress(app[POOL])
    app.add_routes(pages.routes)
