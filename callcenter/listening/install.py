"""Recordings as supervisors find, hear and review them."""

from aiohttp import web

from callcenter.listening import pages, player_pages, review_pages, sound
from callcenter.listening.listenings import LISTENINGS, Listenings
from callcenter.listening.reviews import REVIEWS, Reviews
from callcenter.listening.room import LISTENING_ROOM, ListeningRoom
from callcenter.web.keys import POOL


def install(app: web.Application) -> None:
    """Add this subject to the application."""
    app[LISTENING_ROOM] = ListeningRoom(app[POOL])
    app[LISTENINGS] = Listenings(app[POOL])
    app[REVIEWS] = Reviews(app[POOL])
    for part in (pages, player_pages, review_pages, sound):
        app.add_routes(part.routes)
