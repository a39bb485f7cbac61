"""What was done, by whom, in a chain of hashes: a changed, removed or moved row breaks it.

Each row's hash covers its content and the hash of the row before, keyed with a secret that lies
beside the database (HMAC-SHA-256), so that whoever can write rows but not read the key cannot
mend the chain. The newest row's number and hash also stand in a file of their own: without it,
rows cut off at the end would not be missed.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import func, select

from assistant.errors import AuditError
from assistant.knowledge.database import Database
from assistant.knowledge.tables import AuditRow
from assistant.types import PublicModel

OPERATOR_NAME = "(operator)"
"""Who commands on this machine; no user can have that name."""

KEY_FILE = "audit.key"
HEAD_FILE = "audit.head"
_FIRST = "0" * 64
_AT_ONCE = 1000


class AuditEntry(PublicModel):
    """`details` holds what the action was about, hashes instead of texts where the setting
    says so."""

    number: int
    at: str
    who: str
    action: str
    details: dict[str, Any]
    previous: str
    hash: str


class Verification(PublicModel):
    """`problem` says what is wrong with the first row that does not fit, "" where all fit."""

    ok: bool
    entries: int
    problem: str = ""


class AuditReader(Protocol):
    """The log as the operator's commands read it."""

    def export(self, *, after: int = 0) -> Iterator[AuditEntry]: ...

    def verify(self) -> Verification: ...


class Audit:
    """The log in a database. Thread-safe; one process writes at a time."""

    def __init__(
        self,
        database: Database,
        directory: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock
        self._writing = threading.Lock()
        self._key: bytes | None = None

    def record(self, who: str, action: str, details: Mapping[str, Any]) -> None:
        """Append a row; it is durable when the call returns.

        Raises:
            StorageFullError, DataDirectoryError: it could not be written.
        """
        with self._writing:
            key = self._load_key()
            with self._database.writing() as session:
                last = session.scalar(select(AuditRow).order_by(AuditRow.number.desc()).limit(1))
                number = last.number + 1 if last else 1
                previous = last.hash if last else _FIRST
                at = self._clock().isoformat(timespec="milliseconds")
                content = json.dumps(details, sort_keys=True)
                row = AuditRow(
                    number=number,
                    at=at,
                    who=who,
                    action=action,
                    details=content,
                    previous=previous,
                    hash=_hash(key, number, at, who, action, content, previous),
                )
                session.add(row)
                head = f"{number} {row.hash}\n"
            self._write_head(head)

    def entries(self, *, after: int = 0, limit: int = 100) -> list[AuditEntry]:
        """In order, from the one behind number `after`."""
        return [_entry(row) for row in self._rows(after, limit)]

    def every(self) -> Iterator[AuditEntry]:
        """All, in order, a thousand in memory at a time."""
        return (_entry(row) for row in self._all_rows())

    def export(self, *, after: int = 0) -> Iterator[AuditEntry]:
        """`every` for the operator; that it was read is logged first."""
        self.record(OPERATOR_NAME, "audit.read", {"after": after})
        return (_entry(row) for row in self._all_rows(after))

    def verify(self) -> Verification:
        """Follow the chain from its first row to the noted end."""
        noted = self._read_head()
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(AuditRow)) or 0
        if total and not self._key_path.is_file():
            return _broken(0, f"the key {self._key_path} is missing")
        key = self._load_key() if total else b""
        last, previous = 0, _FIRST
        noted_number, noted_hash = noted or (0, "")
        for row in self._all_rows():
            if row.number != last + 1:
                return _broken(last, f"row {last + 1} is missing")
            if row.previous != previous:
                return _broken(last, f"row {row.number} does not follow row {last}")
            told = (row.number, row.at, row.who, row.action, row.details, row.previous)
            if not hmac.compare_digest(_hash(key, *told).encode(), row.hash.encode()):
                return _broken(last, f"row {row.number} was changed")
            if row.number == noted_number and row.hash != noted_hash:
                return _broken(last, f"row {row.number} was replaced")
            last, previous = row.number, row.hash
        if last and noted is None:
            return _broken(last, f"{HEAD_FILE} is missing: rows may be cut off at the end")
        if noted_number > last:  # a crash may leave the note behind, but not before the rows
            return _broken(last, f"rows {last + 1} to {noted_number} are cut off")
        return Verification(ok=True, entries=last)

    def _rows(self, after: int, limit: int) -> Sequence[AuditRow]:
        query = select(AuditRow).where(AuditRow.number > after).order_by(AuditRow.number)
        with self._database.reading() as session:
            return session.scalars(query.limit(limit)).all()

    def _all_rows(self, after: int = -(2**62)) -> Iterator[AuditRow]:
        while some := self._rows(after, _AT_ONCE):
            yield from some
            after = some[-1].number

    @property
    def _key_path(self) -> Path:
        return self._directory / KEY_FILE

    def _load_key(self) -> bytes:
        if self._key is None:
            try:
                self._key = bytes.fromhex(self._key_path.read_text(encoding="ascii").strip())
            except FileNotFoundError:
                with self._database.reading() as session:
                    if session.scalar(select(AuditRow.number).limit(1)) is not None:
                        raise AuditError(
                            f"{self._key_path} is missing, so the audit log cannot be continued; "
                            "restore it from a backup"
                        ) from None
                self._key = secrets.token_bytes(32)
                _write_private(self._key_path, self._key.hex() + "\n")
            except ValueError as exc:
                raise AuditError(f"{self._key_path} is damaged; restore it from a backup") from exc
        return self._key

    def _write_head(self, text: str) -> None:
        path = self._directory / HEAD_FILE
        fresh = path.with_suffix(".new")
        _write_private(fresh, text, durable=False)
        fresh.replace(path)

    def _read_head(self) -> tuple[int, str] | None:
        with contextlib.suppress(OSError, ValueError):
            number, digest = (self._directory / HEAD_FILE).read_text(encoding="ascii").split()
            return int(number), digest
        return None


def _hash(
    key: bytes, number: int, at: str, who: str, action: str, content: str, previous: str
) -> str:
    told = json.dumps([number, at, who, action, content, previous])
    return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()


def _broken(count: int, problem: str) -> Verification:
    return Verification(ok=False, entries=count, problem=problem)


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        number=row.number,
        at=row.at,
        who=row.who,
        action=row.action,
        details=json.loads(row.details),
        previous=row.previous,
        hash=row.hash,
    )


def _write_private(path: Path, text: str, *, durable: bool = True) -> None:
    """Readable by its owner alone."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        if durable:
            file.flush()
            os.fsync(file.fileno())
