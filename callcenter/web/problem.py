"""Problem details, the error documents for programs (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from aiohttp import web

from callcenter.errors import CallcenterError

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(CallcenterError):
    """The request is answered with this problem, and nothing has changed.

    `errors`: the place and the problem, as `{"at": …, "message": …}`; `extra`: further members of the document.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def response(self) -> web.Response:
        """The answer to send."""
        body: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return web.json_response(body | self.extra, status=self.status, headers=self.headers, content_type=MEDIA_TYPE)


def for_programs(request: web.Request) -> bool:
    """Whether the request is to the programming interface, where cookies are ignored."""
    return request.path.startswith("/api/")
