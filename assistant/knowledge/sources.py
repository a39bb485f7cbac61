"""The record of sources that are kept in step: what was stated, and what came of each run.

No secret is in it: options only name where secrets are found.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.errors import SourceOptionsError, UnknownSourceError
from assistant.knowledge.database import Database
from assistant.knowledge.tables import SourceRow


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """As `SourceRow`. `address` is what its documents are known to come from: one source's
    only, whatever others read from the same place."""

    id: str
    kind: str
    name: str
    options: dict[str, Any]
    schedule: str | None
    collection: str
    groups: tuple[str, ...] | None
    added_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    completed_at: datetime | None
    error: str | None
    counts: dict[str, int]

    @property
    def address(self) -> str:
        return f"source:{self.name}#{self.id}"


class SourceRecords:
    """The sources in a database, from any thread."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock

    def add(
        self,
        kind: str,
        name: str,
        options: Mapping[str, Any],
        *,
        schedule: str | None,
        collection: str,
        groups: Sequence[str] | None,
    ) -> SourceRecord:
        """
        Raises:
            SourceOptionsError: there is one of that name.
        """
        row = SourceRow(
            id=uuid.uuid4().hex,
            kind=kind,
            name=name,
            options=json.dumps(dict(options)),
            schedule=schedule,
            collection=collection,
            groups=None if groups is None else json.dumps([*groups]),
            added_at=self._clock(),
            counts="{}",
        )
        try:
            with self._database.writing() as session:
                session.add(row)
                session.flush()
                return _record(row)
        except IntegrityError as exc:
            raise SourceOptionsError(
                f"There is a source {name} already; choose another name, or remove that one."
            ) from exc

    def all(self) -> list[SourceRecord]:
        """By name."""
        with self._database.reading() as session:
            return [_record(row) for row in session.scalars(select(SourceRow).order_by("name"))]

    def find(self, name: str) -> SourceRecord:
        """By its name or id.

        Raises:
            UnknownSourceError: there is none.
        """
        with self._database.reading() as session:
            return _record(_row(session, name))

    def begin(self, source_id: str) -> None:
        with self._database.writing() as session:
            _row(session, source_id).started_at = self._clock()

    def complete(self, source_id: str, counts: Mapping[str, int]) -> None:
        """A run listed everything, and this came of it."""
        with self._database.writing() as session:
            row = _row(session, source_id)
            row.ended_at = row.completed_at = self._clock()
            row.error = None
            row.counts = json.dumps(dict(counts))

    def fail(self, source_id: str, reason: str) -> None:
        with self._database.writing() as session:
            row = _row(session, source_id)
            row.ended_at = self._clock()
            row.error = reason

    def remove(self, source_id: str) -> None:
        with self._database.writing() as session:
            session.delete(_row(session, source_id))


def _row(session: Session, name: str) -> SourceRow:
    query = select(SourceRow).where((SourceRow.name == name) | (SourceRow.id == name))
    row = session.scalars(query.limit(1)).first()
    if row is None:
        raise UnknownSourceError(
            f"There is no source {name[:100]}; philo sources list shows those there are."
        )
    return row


def _record(row: SourceRow) -> SourceRecord:
    return SourceRecord(
        id=row.id,
        kind=row.kind,
        name=row.name,
        options=json.loads(row.options),
        schedule=row.schedule,
        collection=row.collection,
        groups=None if row.groups is None else tuple(json.loads(row.groups)),
        added_at=row.added_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        completed_at=row.completed_at,
        error=row.error,
        counts=json.loads(row.counts),
    )
