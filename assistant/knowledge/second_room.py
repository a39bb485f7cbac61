"""The second index as it would answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select

from assistant.knowledge.bulk import in_batches
from assistant.knowledge.database import Database
from assistant.knowledge.indexes import Stores
from assistant.knowledge.scoping import is_in_scope
from assistant.knowledge.search_room import SearchRoom
from assistant.knowledge.stored import StoredChunk, to_stored_chunk
from assistant.knowledge.tables import ChunkRow, DocumentRow, PieceRow, VersionRow
from assistant.knowledge.visibility import is_readable
from assistant.scope import Scope
from assistant.types import Readable


class SecondRoom(SearchRoom):
    """Searches counterparts of published versions."""

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

    def _confirm(
        self, chunk_ids: Collection[str], readable: Readable, scope: Scope
    ) -> dict[str, tuple[str, str, str | None]]:
        confirmed: dict[str, tuple[str, str, str | None]] = {}
        with self._database.reading() as session:
            for ids in in_batches([*chunk_ids]):
                query = _select_chunks(ids, readable).where(is_in_scope(scope))
                for row in session.execute(query):
                    chunk = to_stored_chunk(*row)
                    confirmed[chunk.chunk_id] = (
                        chunk.document_id,
                        chunk.piece_key,
                        chunk.language,
                    )
        return confirmed


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
