"""One owner of a data directory: the lock, and where a running service can be reached."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from assistant.errors import DataDirectoryBusyError, DataDirectoryError

LOCK_NAME = "philo.lock"
SERVICE_NAME = "service.json"


@dataclass(frozen=True, slots=True)
class RunningService:
    """`url` ends with /api; `token` is what the owner of the directory may show there."""

    url: str
    token: str


def own_directory(path: Path, *, wait_s: float = 0.0) -> FileLock:
    """Make the directory and become its one owner; release the lock to give it back.

    Raises:
        DataDirectoryBusyError: another process owned it for all of `wait_s`.
        DataDirectoryError: it cannot be made or written to.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(path / LOCK_NAME, timeout=wait_s)
        lock.acquire()
    except Timeout as exc:
        raise DataDirectoryBusyError(
            f"{path} is in use by another philo process; wait for it to end, "
            "or choose another directory with --data"
        ) from exc
    except OSError as exc:
        raise DataDirectoryError(
            f"{path} cannot be used as data directory ({exc.strerror or exc}); "
            "choose one that you may write to with --data"
        ) from exc
    (path / SERVICE_NAME).unlink(missing_ok=True)  # of an owner that was killed
    return lock


@contextmanager
def announced(path: Path, url: str) -> Iterator[RunningService]:
    """Tell other local commands where the owner of `path` serves, while it does."""
    service = RunningService(url=url, token=secrets.token_urlsafe(32))
    note = path / SERVICE_NAME
    note.touch(mode=0o600)
    note.write_text(json.dumps(asdict(service)), encoding="utf-8")
    try:
        yield service
    finally:
        note.unlink(missing_ok=True)


def find_service(path: Path) -> RunningService | None:
    """The service that owns `path`; None when nobody does or the owner does not serve."""
    note = path / SERVICE_NAME
    if not note.is_file() or not _owned(path):
        return None
    try:
        return RunningService(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _owned(path: Path) -> bool:
    lock = FileLock(path / LOCK_NAME, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False
