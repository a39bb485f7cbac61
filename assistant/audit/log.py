"""The log in a database: written, read, redacted."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from assistant.audit.chain import FIRST, VERSION, ChainFiles, row_hash
from assistant.audit.content import Stored, render, split
from assistant.audit.group_commit import GroupCommit
from assistant.audit.holds import Holds
from assistant.audit.origin import Origin, current_origin
from assistant.audit.people import names_of, pseudonym_for, pseudonyms_of
from assistant.audit.redaction import Contents, Place, find_contents, redact_contents
from assistant.audit.sealing import has_unsealed, seal_rows
from assistant.audit.types import AuditEntry, AuditFilter, Verification
from assistant.audit.verification import verify
from assistant.errors import AuditError
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.database import Database
from assistant.knowledge.tables import AuditContentRow, AuditRow

logger = logging.getLogger(__name__)

_AT_ONCE = 1000

_Record = tuple[Origin | None, str, str, Mapping[str, Any]]
"""From where, who, what, and its details."""


@dataclass(slots=True)
class Writing:
    """A transaction that appends rows, and may do more with `session`."""

    session: Session
    key: bytes
    clock: Callable[[], datetime]
    written: list[AuditRow] = field(default_factory=list)

    def append(self, who: str, action: str, details: Mapping[str, Any]) -> AuditRow:
        return self.append_from(current_origin.get(), who, action, details)

    def append_from(
        self, origin: Origin | None, who: str, action: str, details: Mapping[str, Any]
    ) -> AuditRow:
        """The same of what another thread did."""
        session = self.session
        last = session.scalar(select(AuditRow).order_by(AuditRow.number.desc()).limit(1))
        told = dict(details) if origin is None else dict(details) | {"from": origin.details()}
        marked, contents = split(told)
        row = AuditRow(
            number=last.number + 1 if last else 1,
            at=to_moment(self.clock()),
            who=pseudonym_for(session, who),
            action=action,
            details=json.dumps(marked, sort_keys=True),
            previous=last.hash if last else FIRST,
            version=VERSION,
        )
        row.hash = row_hash(self.key, row)
        session.add(row)
        for ordinal, one in enumerate(contents):
            session.add(
                AuditContentRow(number=row.number, ordinal=ordinal, salt=one.salt, value=one.value)
            )
        session.flush()
        self.written.append(row)
        return row


class Audit:
    """Thread-safe; one process writes at a time. `holds` keep contents from being erased."""

    def __init__(
        self,
        database: Database,
        directory: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._files = ChainFiles(directory)
        self._clock = clock
        self._lock = threading.RLock()
        self._records = GroupCommit(self._append_all, lock=self._lock)
        self.directory = directory
        self.holds = Holds(self)

    def record(self, who: str, action: str, details: Mapping[str, Any]) -> None:
        """Append a row; it is durable when the call returns. `details` may hold `Content`.

        Raises:
            StorageFullError, DataDirectoryError: it could not be written.
        """
        self._records.put((current_origin.get(), who, action, details))

    def _append_all(self, records: Sequence[_Record]) -> None:
        with self.writing() as writing:
            for record in records:
                writing.append_from(*record)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writing]:
        """A transaction in which rows are appended together with other changes. They are durable
        before the head is noted, so where that fails nothing is told as not written: the head
        lags until the next row."""
        with self._lock:
            key = self._files.load_key(has_rows=self._has_rows)
            with self._database.writing() as session:
                writing = Writing(session, key, self._clock)
                yield writing
                end = [(row.number, row.hash) for row in writing.written[-1:]]
            for number, digest in end:
                try:
                    self._files.write_head(number, digest)
                except OSError as exc:
                    logger.warning("the head of the audit log could not be noted: %s", exc)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        with self._database.reading() as session:
            yield session

    def entries(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        wanted: AuditFilter | None = None,
        newest: bool = False,
    ) -> list[AuditEntry]:
        """In order, from the one behind number `after`; with `newest` from the last one back."""
        with self._database.reading() as session:
            query = _select(session, after, wanted or AuditFilter())
            if newest:
                query = query.order_by(None).order_by(AuditRow.number.desc())
            return to_entries(session, session.scalars(query.limit(limit)).all())

    def every(
        self, *, after: int = -(2**62), wanted: AuditFilter | None = None
    ) -> Iterator[AuditEntry]:
        """All, in order, a thousand in memory at a time."""
        while some := self.entries(after=after, limit=_AT_ONCE, wanted=wanted):
            yield from some
            after = some[-1].number

    def read(
        self,
        who: str,
        *,
        after: int = 0,
        limit: int | None = None,
        wanted: AuditFilter | None = None,
        newest: bool = False,
    ) -> Iterator[AuditEntry]:
        """`every` (or at most `limit`) for somebody; that they read it is logged first."""
        asked = {} if wanted is None else wanted.model_dump(mode="json", exclude_defaults=True)
        self.record(who, "audit.read", {"after": after} | asked)
        if limit is not None:
            return iter(self.entries(after=after, limit=limit, wanted=wanted, newest=newest))
        return self.every(after=after, wanted=wanted)

    def redact(
        self,
        contents: Contents,
        *,
        who: str,
        reason: str,
        names: Iterable[str] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> int:
        """Erase contents of rows, and who these names are, and write down that it was done.
        Nothing is written where nothing was there. The number of contents that are gone.

        Args:
            names: the pseudonyms of these people can no longer be told apart from any other.
        """
        with self.writing() as writing:
            return redact_contents(
                writing, contents, names, who=who, reason=reason, extra=extra or {}
            )

    def find_contents(self, wanted: Callable[[Place], bool]) -> dict[int, list[int]]:
        """All contents for which `wanted` holds, for `redact`."""
        with self._database.reading() as session:
            return find_contents(session, wanted)

    def entries_of(self, numbers: Iterable[int]) -> list[AuditEntry]:
        """These rows, in order."""
        found: list[AuditEntry] = []
        with self._database.reading() as session:
            for some in in_batches(sorted(numbers)):
                rows = select(AuditRow).where(AuditRow.number.in_(some)).order_by(AuditRow.number)
                found += to_entries(session, session.scalars(rows).all())
        return found

    def pseudonyms(self, name: str) -> list[str]:
        """Under which somebody's rows stand; none where the log does not know them."""
        with self._database.reading() as session:
            return pseudonyms_of(session, name)

    def verify(self) -> Verification:
        """Follow the chain from its first row, or its checkpoint, to the noted end."""
        # A row and the note of it belong together.
        with self._lock, self._database.reading() as session:
            return verify(session, self._files, self.directory)

    def adopt_first_rows(self) -> int:
        """Take the contents out of rows of version 1 that are as they were written; how many."""
        with self._lock:
            with self._database.reading() as session:
                if not has_unsealed(session):
                    return 0
            try:
                key = self._files.load_key(has_rows=self._has_rows)
            except AuditError:
                return 0  # `verify` says so
            with self._database.writing() as session:
                return seal_rows(session, key)

    def truncate_log(self) -> None:
        """What was erased leaves the database's write-ahead log too."""
        self._database.truncate_log()

    def _has_rows(self) -> bool:
        with self._database.reading() as session:
            return session.scalar(select(AuditRow.number).limit(1)) is not None


def to_moment(when: datetime) -> str:
    """As `at` of a row, which sorts by time."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def to_entries(session: Session, rows: Sequence[AuditRow]) -> list[AuditEntry]:
    contents = load_contents(session, rows)
    names = names_of(session, {row.who for row in rows})
    return [
        AuditEntry(
            number=row.number,
            at=row.at,
            who=names.get(row.who, row.who),
            action=row.action,
            details=render(json.loads(row.details), contents.get(row.number, {})),
            previous=row.previous,
            hash=row.hash,
        )
        for row in rows
    ]


def load_contents(session: Session, rows: Sequence[AuditRow]) -> dict[int, dict[int, Stored]]:
    """Of rows that follow one another: number -> ordinal -> content."""
    found: dict[int, dict[int, Stored]] = {}
    if rows:
        first, last = sorted((rows[0].number, rows[-1].number))
        between = AuditContentRow.number.between(first, last)
        for one in session.scalars(select(AuditContentRow).where(between)):
            found.setdefault(one.number, {})[one.ordinal] = Stored(one.salt, one.value)
    return found


def _select(session: Session, after: int, wanted: AuditFilter) -> Select[AuditRow]:
    conditions: list[ColumnElement[bool]] = [AuditRow.number > after]
    if wanted.who:
        conditions.append(AuditRow.who.in_([wanted.who, *pseudonyms_of(session, wanted.who)]))
    if wanted.action:
        below = AuditRow.action.startswith(f"{wanted.action}.", autoescape=True)
        conditions.append(or_(AuditRow.action == wanted.action, below))
    if wanted.since is not None:
        conditions.append(AuditRow.at >= to_moment(wanted.since))
    if wanted.until is not None:
        conditions.append(AuditRow.at < to_moment(wanted.until))
    return select(AuditRow).where(*conditions).order_by(AuditRow.number)
