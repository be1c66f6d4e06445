"""Evidence packs of tickets: ordered, made, downloaded."""

from aiohttp import web

from callcenter.common.jobs import Worker
from callcenter.common.object_store import OBJECT_STORE
from callcenter.evidence.manifest import key_of
from callcenter.evidence_packs import pages
from callcenter.evidence_packs.maker import PackMaker
from callcenter.evidence_packs.packs import EVIDENCE_PACKS, EvidencePacks
from callcenter.evidence_packs.texts import page
from callcenter.web.keys import POOL, SERVICES, SETTINGS


def install(app: web.Application) -> None:
    """Add this subject to the application. Packs are made only where there is a key to sign them with."""
    settings, pool = app[SETTINGS], app[POOL]
    app[EVIDENCE_PACKS] = EvidencePacks(pool)
    if settings.evidence.key is not None:
        maker = PackMaker(pool, app[OBJECT_STORE], key_of(settings.evidence.key.get_secret_value()), page)
        app[SERVICES] += [maker, Worker(settings.database, [maker.kind])]
    app.add_routes(pages.routes)
