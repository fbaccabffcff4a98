"""Logging of a serving process: structlog to stderr, as JSON lines or text; libraries' logs join it."""

import enum
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog


class Format(enum.StrEnum):
    """How a log line is written."""

    JSON = "json"
    TEXT = "text"


def default_format() -> Format:
    """Text for a person at a terminal, JSON for whatever else reads stderr."""
    return Format.TEXT if sys.stderr.isatty() else Format.JSON


def configure(form: Format, level: str) -> None:
    """Send all logs of this process to stderr."""
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=_processors(form),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer)
        if form is Format.JSON
        else structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_IntoStructlog()]
    root.setLevel(max(number, logging.INFO))
    for chatty in ("uvicorn", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(max(number, logging.WARNING))
    logging.captureWarnings(True)


def _processors(form: Format) -> list[Any]:
    if form is Format.JSON:
        return [_to_json]
    renderer = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )
    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        renderer,
    ]


def _to_json(_: object, level: str, event: structlog.typing.EventDict) -> bytes:
    if event.get("exc_info"):
        event = structlog.processors.format_exc_info(_, level, event)
    return _encode({"timestamp": datetime.now(UTC), "level": level, **event})


_encode = msgspec.json.Encoder(enc_hook=str).encode


class _IntoStructlog(logging.Handler):
    """What libraries say through `logging`, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            logger = structlog.get_logger(source=record.name)
            logger.log(record.levelno, record.getMessage(), exc_info=record.exc_info or None)
        except Exception:
            self.handleError(record)
