"""Logs as JSON, one object a line, and what they say of a request.

Messages pass `MaskingFilter` as always. Paths stand in them as their routes, without ids and
without what was asked, and errors as their kind and where they came from: what an error says may
quote what it was about.
"""

from __future__ import annotations

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

current_request: ContextVar[str] = ContextVar("current_request", default="")
"""An id of the request that is being answered, made here and told in X-Request-Id."""

ACCESS = "philo.access"


class JsonLines(logging.Formatter):
    """`at`, `level`, `logger`, `message`; `request`, `error` and `trace` where there are any; and
    what the record was given as `told`."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := current_request.get():
            told["request"] = request
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__name__
            told["trace"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])
            ]
        told |= getattr(record, "told", {})
        return json.dumps(told, ensure_ascii=False)


def write_json_logs() -> None:
    """From now on, on every handler that there is."""
    named = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    for logger in [logging.root, *named]:
        for handler in logger.handlers:
            handler.setFormatter(JsonLines())
    logging.getLogger(ACCESS).setLevel(logging.INFO)
