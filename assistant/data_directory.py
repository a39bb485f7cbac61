"""One owner of a data directory: the lock, and where a running service can be reached."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from filelock import FileLock, Timeout

from assistant.errors import DataDirectoryBusyError, DataDirectoryError
from assistant.restored import settle

LOCK_NAME = "philo.lock"
SERVICE_NAME = "service.json"


CLEARING_S = 5.0
"""Those who come to share it at once wait so long for the first one, who owns it for a moment."""


@dataclass(frozen=True, slots=True)
class RunningService:
    """`url` ends with /api; `token` is what the owner of the directory may show there."""

    url: str
    token: str


class Lock(Protocol):
    """Of a data directory."""

    def release(self) -> object: ...


def share_directory(path: Path, *, wait_s: float = 0.0) -> Lock:
    """Make the directory and become one of those who use it, while nobody owns it; release the
    lock to leave it. The first one clears up as an owner would.

    Raises:
        DataDirectoryBusyError, DataDirectoryError: as `own_directory`.
    """
    with suppress(DataDirectoryBusyError):  # others use it, or one owns it
        own_directory(path).release()
    until = time.monotonic() + max(wait_s, CLEARING_S)
    file = (path / LOCK_NAME).open("a+b")
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return _Share(file)
        except OSError as exc:
            if time.monotonic() > until:
                file.close()
                raise _busy(path) from exc
            time.sleep(0.05)


def own_directory(path: Path, *, wait_s: float = 0.0) -> FileLock:
    """Make the directory and become its one owner; release the lock to give it back.

    Raises:
        DataDirectoryBusyError: another process owned it for all of `wait_s`.
        DataDirectoryError: it cannot be made or written to, or a restore of it was just finished.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(path / LOCK_NAME, timeout=wait_s)
        lock.acquire()
    except Timeout as exc:
        raise _busy(path) from exc
    except OSError as exc:
        raise DataDirectoryError(
            f"{path} cannot be used as data directory ({exc.strerror or exc}); "
            "choose one that you may write to with --data"
        ) from exc
    try:
        (path / SERVICE_NAME).unlink(missing_ok=True)  # of an owner that was killed
        if settle(path):
            raise DataDirectoryError(
                f"a restore of {path} was cut short, and has been finished now; its settings hold "
                "from the next start on: run the command again"
            )
        from assistant.knowledge.snapshot import remove_snapshots  # owners need a database anyway

        remove_snapshots(path)
    except BaseException:
        lock.release()
        raise
    return lock


@dataclass(frozen=True, slots=True)
class _Share:
    file: BinaryIO

    def release(self) -> None:
        self.file.close()


def _busy(path: Path) -> DataDirectoryBusyError:
    return DataDirectoryBusyError(
        f"{path} is in use by another philo process; wait for it to end, "
        "or choose another directory with --data"
    )


@contextmanager
def announced(path: Path, url: str) -> Iterator[RunningService]:
    """Tell other local commands where one who has `path` serves, while it does."""
    service = RunningService(url=url, token=secrets.token_urlsafe(32))
    note = path / SERVICE_NAME
    fresh = note.with_name(f"{SERVICE_NAME}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600), "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # for as long as it serves, however it ends
        held.write(json.dumps(asdict(service)))
        held.flush()
        fresh.replace(note)
        try:
            yield service
        finally:
            if _read_note(note) == service:  # and not of another one that shares the directory
                note.unlink(missing_ok=True)


def find_service(path: Path) -> RunningService | None:
    """The newest service that has `path`; None where that one has ended."""
    note = path / SERVICE_NAME
    return _read_note(note) if _is_held(note) else None


def _read_note(note: Path) -> RunningService | None:
    try:
        return RunningService(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _is_held(note: Path) -> bool:
    try:
        with note.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False
