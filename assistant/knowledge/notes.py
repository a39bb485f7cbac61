"""Notes of documents for their summaries: kept with a version, gone with it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from assistant.knowledge.database import Database
from assistant.knowledge.job_records import utc_now
from assistant.knowledge.tables import NotesRow, VersionRow


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
        """Of this version, or of another one with the same bytes, read the same way."""
        own, same = aliased(VersionRow), aliased(VersionRow)
        query = (
            select(NotesRow)
            .join(same, same.id == NotesRow.version_id)
            .join(
                own,
                and_(own.content_sha256 == same.content_sha256, own.recipe == same.recipe),
            )
            .where(own.id == version_id, NotesRow.writer == writer)
            .order_by(NotesRow.size_bytes.desc())
            .limit(1)
        )
        with self._database.reading() as session:
            row = session.scalar(query)
            return None if row is None else KeptNotes(row.payload, row.vectors)

    def keep(self, version_id: str, writer: str, notes: KeptNotes, *, most_bytes: int) -> None:
        """Nothing is kept of a version that is gone by now.

        Args:
            most_bytes: of all notes together; the oldest go first.
        """
        same = (NotesRow.version_id == version_id, NotesRow.writer == writer)
        row = NotesRow(
            version_id=version_id,
            writer=writer,
            payload=notes.payload,
            vectors=notes.vectors,
            size_bytes=len(notes.payload) + len(notes.vectors),
            kept_at=utc_now(),
        )
        try:
            with self._database.writing() as session:
                session.execute(delete(NotesRow).where(*same))
                session.add(row)
                session.flush()
                _forget_oldest(session, most_bytes)
        except IntegrityError:
            return

    def count(self) -> int:
        """Of all versions and writers."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(NotesRow)) or 0


def _forget_oldest(session: Session, most_bytes: int) -> None:
    total = session.scalar(select(func.sum(NotesRow.size_bytes))) or 0
    oldest = select(NotesRow.version_id, NotesRow.writer, NotesRow.size_bytes)
    for version_id, writer, size in session.execute(oldest.order_by(NotesRow.kept_at)).all():
        if total <= most_bytes:
            return
        session.execute(
            delete(NotesRow).where(NotesRow.version_id == version_id, NotesRow.writer == writer)
        )
        total -= size
