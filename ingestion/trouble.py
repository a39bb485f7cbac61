"""Which failures may pass, which will not, and which stop all work."""

from __future__ import annotations

import errno
import logging
from enum import Enum, auto

from assistant.errors import (
    DataDirectoryBusyError,
    IngestError,
    KnowledgeError,
    ParseError,
    SourceItemGoneError,
    SourceUnavailableError,
    StorageFullError,
    StoreUnavailableError,
)

logger = logging.getLogger(__name__)

_FULL = (errno.ENOSPC, errno.EDQUOT)
_LASTING = (
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EINVAL,
)


class Trouble(Enum):
    """What a failure means for the work."""

    LASTS = auto()
    """For this document, as long as it is as it is."""
    MAY_PASS = auto()
    """For this document, for now."""
    GONE = auto()
    """There is no such document any more, which is nobody's failure."""
    STOPS_ALL = auto()
    """For every document: the disk is full, a server is away, another process has the database
    locked, or somebody wants it to end."""


def judge(exc: BaseException) -> tuple[Trouble, str]:
    """What a failure means, and the reason shown to people."""
    if is_full(exc) or is_away(exc) or not isinstance(exc, Exception):
        return Trouble.STOPS_ALL, str(exc)
    if isinstance(exc, SourceUnavailableError):
        return Trouble.MAY_PASS, str(exc)
    if isinstance(exc, SourceItemGoneError):
        return Trouble.GONE, str(exc)
    if isinstance(exc, FileNotFoundError):  # deleted between its listing and its reading
        return Trouble.GONE, "it is no longer there"
    if isinstance(exc, (ParseError, IngestError, KnowledgeError)):
        return Trouble.LASTS, str(exc)
    if isinstance(exc, MemoryError):
        return Trouble.MAY_PASS, "this machine has no memory left"
    if isinstance(exc, OSError):
        reason = f"cannot be read ({exc.strerror or exc})"
        return (Trouble.LASTS if exc.errno in _LASTING else Trouble.MAY_PASS), reason
    logger.error("a document failed unexpectedly", exc_info=exc)
    return Trouble.LASTS, f"failed unexpectedly ({type(exc).__name__}); the log says where"


def is_full(exc: BaseException) -> bool:
    return isinstance(exc, StorageFullError) or (isinstance(exc, OSError) and exc.errno in _FULL)


def is_away(exc: BaseException | None) -> bool:
    """A server is away, or the database locked: it may pass, and no document is its cause."""
    return isinstance(exc, (StoreUnavailableError, DataDirectoryBusyError))


def told(exc: BaseException) -> BaseException:
    """The same for the one who waits: a full disk in words that say what to do."""
    if is_full(exc) and not isinstance(exc, StorageFullError):
        full = StorageFullError(
            "no space is left on the disk; what was published stays: free some space and "
            "ingest again"
        )
        full.__cause__ = exc
        return full
    return exc
