"""What other processes have done to the vectors of an index, as SQL tells it."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from assistant.knowledge.bulk import all_of
from assistant.knowledge.change_log import changes_since, newest_change
from assistant.knowledge.database import Database
from assistant.knowledge.tables import ChunkRow, DocumentRow, IndexRow, VersionRow
from assistant.knowledge.vectors.mirrored import Update

Query = TypeVar("Query", bound=Select[Any])


class VectorFeed:
    """Of one index, whether it is in use or stands beside it."""

    def __init__(self, database: Database, index_id: int) -> None:
        self._database = database
        self._index_id = index_id

    def newest(self) -> int:
        with self._database.reading() as session:
            return newest_change(session)

    def chunk_ids(self) -> set[str]:
        with self._database.reading() as session:
            return set(self._chunks_of(session, None))

    def count(self) -> int | None:
        with self._database.reading() as session:
            in_use = self._in_use(session)
            if in_use is None:
                return None
            query = self._of_index(select(func.count(ChunkRow.id)), in_use=in_use)
            return session.scalar(query) or 0

    def since(self, number: int) -> Update | None:
        with self._database.reading() as session:
            changed = changes_since(session, number)
            if changed.documents is None:
                return None
            ids = self._chunks_of(session, changed.documents)
        return Update(changed.number, changed.documents, ids)

    def _chunks_of(self, session: Session, documents: frozenset[str] | None) -> list[str]:
        """Of what is published of these documents, or of all; or of its counterparts."""
        query = self._of_index(select(ChunkRow.id), in_use=bool(self._in_use(session)))
        if documents is not None:
            query = query.where(DocumentRow.id.in_(all_of(documents)))
        return [*session.scalars(query)]

    def _in_use(self, session: Session) -> bool | None:
        """None where there is no such index any more."""
        return session.scalar(select(IndexRow.in_use).where(IndexRow.id == self._index_id))

    def _of_index(self, query: Query, *, in_use: bool) -> Query:
        query = query.join(VersionRow, VersionRow.id == ChunkRow.version_id)
        shown = DocumentRow.published_version_id
        return query.join(
            DocumentRow, shown == (VersionRow.id if in_use else VersionRow.counterpart_of)
        )
