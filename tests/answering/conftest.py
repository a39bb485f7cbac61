from collections.abc import Callable

import pytest

from assistant.knowledge.library import StoredChunk
from assistant.types import Line

ChunkMaker = Callable[..., StoredChunk]


@pytest.fixture
def make_chunk() -> ChunkMaker:
    def make(
        text: str,
        *,
        title: str = "Handbook",
        heading: tuple[str, ...] = (),
        language: str = "en",
        document_id: str = "d1",
        ordinal: int = 0,
        start: int = 0,
        table_header: str = "",
    ) -> StoredChunk:
        return StoredChunk(
            chunk_id=f"{document_id}v:{ordinal:05d}",
            document_id=document_id,
            version_id=f"{document_id}v",
            uri=f"file:///{document_id}.md",
            title=title,
            ordinal=ordinal,
            start=start,
            end=start + len(text),
            text=text,
            heading=heading,
            table_header=table_header,
            lines=(Line(start, 1),),
            page=1,
            pages=1,
            collection="default",
            language=language,
        )

    return make
