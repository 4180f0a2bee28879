"""Logs: structured, one line per event, with every secret taken out on its way. Set up once per process."""

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import stamina
import structlog

from forgehand.assembly.settings import Settings
from forgehand.domain.redaction import HIDDEN
from forgehand.domain.redaction import redact as redact_by_looks

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal would obey. Line breaks and tabs stay: tracebacks need them, and JSON escapes them."""


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that hides the given values, and everything that looks like a secret."""
    values = sorted({secret for secret in secrets if len(secret) >= 8}, key=len, reverse=True)
    known = re.compile("|".join(map(re.escape, values))) if values else None

    def redact(text: str) -> str:
        if known:
            text = known.sub(HIDDEN, text)
        return redact_by_looks(text)

    return redact


def secrets_of(settings: Settings) -> list[str]:
    """Every value of the settings that nobody may read."""
    return [
        settings.github_token.get_secret_value(),
        settings.github_webhook_secret.get_secret_value(),
        settings.github_webhook_secret_previous.get_secret_value(),
        settings.admin_token.get_secret_value(),
        settings.secret_key.get_secret_value(),
        settings.github_client_secret.get_secret_value(),
        *settings.private_key_lines,
        settings.database_password,
        unquote(settings.database_password),
        *settings.otlp_secrets,
    ]


def set_up_logs(settings: Settings, stream: Any = None) -> None:
    """Log to stderr: structlog's events and every library's records, through one redactor."""
    out: Any = _Lines(stream)
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not out.isatty())
    redact = redactor(secrets_of(settings))
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redacting(redact),
    ]
    last: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=out.isatty())
    level = logging.getLevelName(settings.log_level)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_plain, last]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "hishel", "uvicorn", "uvicorn.error", "procrastinate", "alembic"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    stamina.instrumentation.set_on_retry_hooks([_asked_again])


def _asked_again(details: stamina.instrumentation.RetryDetails) -> None:
    """No warning: what is in vain to the end is told by whoever asked."""
    structlog.get_logger(__name__).info(
        "github.asked_again", after=round(details.wait_for, 2), why=str(details.caused_by)
    )


class RotatingLog:
    """A file that holds the last lines, and three older ones of its size. For what runs on without a terminal."""

    def __init__(self, path: Path, size: int = 5_000_000) -> None:
        self._handler = RotatingFileHandler(path, maxBytes=size, backupCount=3, encoding="utf-8")

    def write(self, text: str) -> int:
        if text.strip():
            self._handler.emit(logging.makeLogRecord({"msg": text.rstrip("\n")}))
        return len(text)

    def flush(self) -> None:
        self._handler.flush()

    def close(self) -> None:
        self._handler.close()

    def isatty(self) -> bool:
        return False


class _Lines:
    """What structlog and the standard library both write to, from any thread, a whole line at a time: each has a lock
    of its own, which does not keep the other out."""

    def __init__(self, stream: Any) -> None:
        self._given = stream
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        with self._lock:
            written: int = self._stream.write(text)
            return written

    def flush(self) -> None:
        with self._lock:
            self._stream.flush()

    def isatty(self) -> bool:
        shown: bool = self._stream.isatty()
        return shown

    @property
    def _stream(self) -> Any:
        # Standard error as it is when something is written: it may be redirected after logging was set up.
        return sys.stderr if self._given is None else self._given


def _redacting(redact: Callable[[str], str]) -> Any:
    def process(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {redact(key): _deep(value, redact) for key, value in event.items()}

    return process


def _deep(value: Any, redact: Callable[[str], str]) -> Any:
    match value:
        case str():
            return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", redact(value))
        case bytes():
            return redact(value.decode("utf-8", "replace"))
        case dict():
            return {_deep(key, redact): _deep(each, redact) for key, each in value.items()}
        case list() | tuple():
            return [_deep(each, redact) for each in value]
        case None | bool() | int() | float():
            return value
    return redact(str(value))


def _plain(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key not in ("_record", "_from_structlog")}
