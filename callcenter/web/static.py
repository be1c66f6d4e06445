"""Scripts, styles, pictures: few and small, so they are kept in memory, with a hash of the content as ETag."""

import hashlib
from pathlib import Path

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.web.auth import needs

routes = web.RouteTableDef()
PACKAGE = Path(__file__).resolve().parent.parent
FILES = {f"{path.parent.parent.name}/{path.name}": path.read_bytes() for path in sorted(PACKAGE.glob("*/static/*"))}
TAGS = {name: f'"{hashlib.sha256(body).hexdigest()[:32]}"' for name, body in FILES.items()}
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@routes.get("/static/{room}/{name}")
@needs(Permission.ANYONE)
async def send(request: web.Request) -> web.Response:
    """A file. Browsers cache it and revalidate it each time."""
    name = "{room}/{name}".format_map(request.match_info)
    if name not in FILES:
        raise web.HTTPNotFound
    headers = {"ETag": TAGS[name], "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == TAGS[name]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=FILES[name], content_type=TYPES[Path(name).suffix], charset="utf-8", headers=headers)
