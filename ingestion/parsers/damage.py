"""What a library says of a file that it cannot read, as a reason for people."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from assistant.errors import ParseError


@contextlib.contextmanager
def damage_as_reason(name: str) -> Iterator[None]:
    """Whatever a library raises inside becomes a ParseError about a damaged file.

    Args:
        name: of the file's format, for the message.
    Raises:
        ParseError: instead of all errors but those of memory, which the sandbox explains.
    """
    try:
        yield
    except (ParseError, MemoryError):
        raise
    except RecursionError as exc:
        raise ParseError(f"unsafe: the {name} file is nested too deeply") from exc
    except Exception as exc:  # the edge: a library may raise anything over a damaged file
        message = " ".join(str(exc).split())[:160]
        what = f"{type(exc).__name__}: {message}" if message else type(exc).__name__
        raise ParseError(
            f"the {name} file is damaged ({what}): open it in its program and save it again"
        ) from exc
