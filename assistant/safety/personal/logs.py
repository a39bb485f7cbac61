"""No personal data and no secrets in log lines."""

from __future__ import annotations

import logging

from assistant.safety.finding import without_overlaps
from assistant.safety.personal.scan import find_personal
from assistant.safety.secrets import find_secrets

_TRACEBACKS = logging.Formatter()


class MaskingFilter(logging.Filter):
    """For handlers: what is found in a line is replaced by its kind, as in [E-MAIL]. There is no
    setting for it, and nothing is looked up: it works while all else fails."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = mask_line(text)
        if masked != text:
            record.msg, record.args = masked, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _TRACEBACKS.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask_line(record.exc_text)
        return True


def mask_line(text: str) -> str:
    """The text with the kind of each finding instead of it."""
    parts: list[str] = []
    done = 0
    for one in without_overlaps([*find_personal(text), *find_secrets(text)]):
        parts += [text[done : one.start], f"[{one.kind.upper()}]"]
        done = one.end
    return "".join([*parts, text[done:]])


def mask_logs() -> None:
    """Put the filter on all handlers that there are."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    for logger in [logging.root, *loggers]:
        for handler in logger.handlers:
            if not any(isinstance(one, MaskingFilter) for one in handler.filters):
                handler.addFilter(MaskingFilter())
