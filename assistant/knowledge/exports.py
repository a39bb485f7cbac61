"""Where on this machine something was written out of the knowledge."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assistant.knowledge.database import Database
from assistant.knowledge.job_records import utc_now
from assistant.knowledge.tables import ExportRow

ExportKind = Literal["audit log", "personal data", "question set", "backup", "former store"]


class Exports:
    """The list in a database. Only question sets are emptied by an erasure; the others are named
    in its receipt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, kind: ExportKind, path: str) -> None:
        """Of an absolute path; again: it was written anew."""
        with self._database.writing() as session:
            note_export(session, kind, path)

    def paths(self, *kinds: ExportKind) -> Sequence[str]:
        query = select(ExportRow.path).where(ExportRow.kind.in_(kinds)).order_by(ExportRow.path)
        with self._database.reading() as session:
            return session.scalars(query).all()


def note_export(session: Session, kind: ExportKind, path: str) -> None:
    session.execute(delete(ExportRow).where(ExportRow.path == path))
    session.add(ExportRow(path=path, kind=kind, at=utc_now()))


def forget_stores(session: Session, places: Collection[str]) -> None:
    """They are in use again."""
    former = ExportRow.kind == "former store"
    session.execute(delete(ExportRow).where(former, ExportRow.path.in_(places)))
