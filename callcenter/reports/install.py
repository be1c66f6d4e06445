"""Reports, and the whole journal as a file."""

from aiohttp import web

from callcenter.common.jobs import Worker
from callcenter.common.object_store import OBJECT_STORE
from callcenter.domain.access import Permission
from callcenter.errors import gettext_noop
from callcenter.reports import export_pages, pages
from callcenter.reports.export_texts import export_texts
from callcenter.reports.exports import EXPORT_ORDERS, ExportOrders, Exports
from callcenter.reports.figures import Figures
from callcenter.reports.service import REPORTS, Reports
from callcenter.reports.tallies import Tallies
from callcenter.web.keys import POOL, SERVICES, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry


def install(app: web.Application) -> None:
    pool = app[POOL]
    app[REPORTS] = Reports(pool)
    app[EXPORT_ORDERS] = ExportOrders(pool)
    exports = Exports(pool, app[OBJECT_STORE], export_texts)
    # A worker of its own, so that no message to a crew waits behind a file.
    database = app[SETTINGS].database
    app[SERVICES] += [exports, Worker(database, [exports.kind]), Figures(database), Tallies(database)]
    app[NAVIGATION].append(NavigationEntry("/reports", gettext_noop("Reports"), Permission.SEE_REPORTS, 60))
    for part in (export_pages, pages):
        app.add_routes(part.routes)
