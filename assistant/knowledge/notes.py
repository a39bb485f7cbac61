"""Notes of documents for their summaries: kept with a version, gone with it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from assistant.knowledge.database import Database
from assistant.knowledge.tables import NotesRow


@dataclass(frozen=True, slots=True)
class KeptNotes:
    """`payload` is JSON, `vectors` (N, D) float16; what they mean is the summariser's affair."""

    payload: str
    vectors: bytes


class NotesRecords:
    """From any thread. Whoever reads them has read the document's chunks under a permission
    first: they hold nothing that these do not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, version_id: str, writer: str) -> KeptNotes | None:
        query = select(NotesRow).where(NotesRow.version_id == version_id, NotesRow.writer == writer)
        with self._database.reading() as session:
            row = session.scalar(query)
            return None if row is None else KeptNotes(row.payload, row.vectors)

    def keep(self, version_id: str, writer: str, notes: KeptNotes) -> None:
        """Nothing is kept of a version that is gone by now."""
        same = (NotesRow.version_id == version_id, NotesRow.writer == writer)
        row = NotesRow(
            version_id=version_id, writer=writer, payload=notes.payload, vectors=notes.vectors
        )
        try:
            with self._database.writing() as session:
                session.execute(delete(NotesRow).where(*same))
                session.add(row)
        except IntegrityError:
            return
