"""Bearer tokens of programs: the owner, and the scope that the route needs."""

from aiohttp import web

from callcenter.common.tokens import TOKENS, Use
from callcenter.domain.access import Scope
from callcenter.domain.person import Person
from callcenter.web.keys import SETTINGS
from callcenter.web.problem import ProblemDetails

USE = web.RequestKey("use", Use)
_CHALLENGE = 'Bearer realm="callcenter"'


async def person_by_token(request: web.Request, scope: Scope) -> Person:
    """The person for whom the program acts, with at most this scope. Raises `ProblemDetails` 401, 403 or 429 (RFC
    6750).
    """
    app = request.app
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise ProblemDetails(
            401,
            "Send a token in the header `Authorization: Bearer …`; tokens are made on the page /account/tokens.",
            headers={"WWW-Authenticate": _CHALLENGE},
        )
    use = await app[TOKENS].use(token.strip())
    if use is None:
        raise ProblemDetails(
            401,
            "This token is unknown, has expired or was revoked.",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
        )
    allowed = app[SETTINGS].api.requests_per_minute
    if use.requests > allowed:
        raise ProblemDetails(
            429,
            f"More than {allowed} requests in a minute by this token; go on in {use.seconds_left} s.",
            headers={"Retry-After": str(use.seconds_left)},
        )
    if scope not in use.scopes:
        raise ProblemDetails(
            403,
            f"The token lacks the scope {scope}.",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'},
        )
    request[USE] = use
    return use.person
