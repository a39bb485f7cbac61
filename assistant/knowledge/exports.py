"""Where on this machine something was written out of the knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import delete, select

from assistant.knowledge.database import Database
from assistant.knowledge.job_records import utc_now
from assistant.knowledge.tables import ExportRow

ExportKind = Literal["audit log", "personal data", "question set"]


class Exports:
    """The list in a database. Only question sets are emptied by an erasure; the others are named
    in its receipt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, kind: ExportKind, path: str) -> None:
        """Of an absolute path; again: it was written anew."""
        with self._database.writing() as session:
            session.execute(delete(ExportRow).where(ExportRow.path == path))
            session.add(ExportRow(path=path, kind=kind, at=utc_now()))

    def paths(self, *kinds: ExportKind) -> Sequence[str]:
        query = select(ExportRow.path).where(ExportRow.kind.in_(kinds)).order_by(ExportRow.path)
        with self._database.reading() as session:
            return session.scalars(query).all()
