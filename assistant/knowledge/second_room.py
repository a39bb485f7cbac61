"""The second index as it would answer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select

from assistant.knowledge.database import Database
from assistant.knowledge.indexes import Stores
from assistant.knowledge.reading import ReadingRoom
from assistant.knowledge.scoping import is_in_scope
from assistant.knowledge.stored import Hit, StoredChunk, in_batches, is_readable, to_stored_chunk
from assistant.knowledge.tables import ChunkRow, DocumentRow, PieceRow, VersionRow
from assistant.scope import Scope
from assistant.types import Readable, ScoredId


class SecondRoom(ReadingRoom):
    """Searches counterparts of published versions. What else a `ReadingRoom` can tell is of the
    index in use."""

    def __init__(self, database: Database, stores: Stores) -> None:
        super().__init__(database, stores.vectors, stores.lexicon)

    def chunks(self, chunk_ids: Sequence[str], readable: Readable) -> dict[str, StoredChunk]:
        found = {}
        with self._database.reading() as session:
            for ids in in_batches(chunk_ids):
                for row in session.execute(_select_chunks(ids, readable)):
                    found[row[0].id] = to_stored_chunk(*row)
        return found

    def with_twins(
        self,
        chunks: Sequence[StoredChunk],
        readable: Readable,  # noqa: ARG002 - as in the index in use
    ) -> list[StoredChunk]:
        return list(chunks)

    def _confirm(self, found: Sequence[ScoredId], readable: Readable, scope: Scope) -> list[Hit]:
        chunks: dict[str, StoredChunk] = {}
        with self._database.reading() as session:
            for ids in in_batches([one.id for one in found]):
                query = _select_chunks(ids, readable).where(is_in_scope(scope))
                for row in session.execute(query):
                    chunks[row[0].id] = to_stored_chunk(*row)
        return [
            Hit(one.id, one.score, chunk.document_id, chunk.piece_key, chunk.language)
            for one in found
            if (chunk := chunks.get(one.id)) is not None
        ]


def _select_chunks(
    chunk_ids: Sequence[str], readable: Readable
) -> Select[ChunkRow, PieceRow, VersionRow, DocumentRow]:
    return (
        select(ChunkRow, PieceRow, VersionRow, DocumentRow)
        .join(PieceRow, PieceRow.key == ChunkRow.piece_key)
        .join(VersionRow, VersionRow.id == ChunkRow.version_id)
        .join(DocumentRow, DocumentRow.published_version_id == VersionRow.counterpart_of)
        .where(ChunkRow.id.in_(chunk_ids), is_readable(readable))
    )
