"""Search, playback and review of recordings."""

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.errors import gettext_noop
from callcenter.listening import own_pages, pages, player_pages, review_pages, sound
from callcenter.listening.listenings import LISTENINGS, Listenings
from callcenter.listening.reviews import REVIEWS, Reviews
from callcenter.listening.room import LISTENING_ROOM, ListeningRoom
from callcenter.web.keys import POOL
from callcenter.web.navigation import NAVIGATION, NavigationEntry


def install(app: web.Application) -> None:
    app[LISTENING_ROOM] = ListeningRoom(app[POOL])
    app[LISTENINGS] = Listenings(app[POOL])
    app[REVIEWS] = Reviews(app[POOL])
    app[NAVIGATION].append(NavigationEntry("/listening", gettext_noop("Recordings"), Permission.LISTEN, 40))
    for part in (own_pages, pages, player_pages, review_pages, sound):
        app.add_routes(part.routes)
