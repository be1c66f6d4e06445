"""Companies, houses, flats and residents."""

from aiohttp import web

from callcenter.common.secret_box import SECRET_BOX
from callcenter.directory import column_pages, file_pages, lookup_pages, office_pages, pages, twin_pages
from callcenter.directory.book import DIRECTORY_BOOK, DirectoryBook
from callcenter.directory.importing import DIRECTORY_IMPORT, DirectoryImport
from callcenter.directory.offices import OFFICES, Offices
from callcenter.directory.twins import TWINS, Twins
from callcenter.domain.access import Permission
from callcenter.errors import gettext_noop
from callcenter.web.keys import POOL
from callcenter.web.navigation import NAVIGATION, NavigationEntry


def install(app: web.Application) -> None:
    app[DIRECTORY_BOOK] = DirectoryBook(app[POOL])
    app[OFFICES] = Offices(app[POOL], app[SECRET_BOX])
    app[TWINS] = Twins(app[POOL])
    app[DIRECTORY_IMPORT] = DirectoryImport(app[POOL])
    app[NAVIGATION].append(NavigationEntry("/directory", gettext_noop("Directory"), Permission.SEE_DIRECTORY, 50))
    for part in (column_pages, file_pages, lookup_pages, office_pages, pages, twin_pages):
        app.add_routes(part.routes)
