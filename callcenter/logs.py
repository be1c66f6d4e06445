"""Logs as JSON lines: a time, a level, an event, ids. Never a resident's name, number or address."""

import logging
import sys

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

log = structlog.get_logger()
_BROKEN_HTTP = (HttpProcessingError, RequestPayloadError)


def configure(level: str) -> None:
    """Write everything of this level and above to standard output, one JSON object a line."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[OfLibraries()], force=True)


class OfLibraries(logging.Handler):
    """Writes what libraries log as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. What a stranger sent instead of HTTP is named, and neither shown nor traced."""
        problem = record.exc_info[1] if record.exc_info else None
        if isinstance(problem, _BROKEN_HTTP):
            log.warning("malformed HTTP", problem=type(problem).__name__)
            return
        try:
            log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)
        except Exception:
            self.handleError(record)
