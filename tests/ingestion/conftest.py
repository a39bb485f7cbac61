"""An ingestion over real indexes that starts in no time, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from assistant.ingest_settings import IngestSettings
from assistant.knowledge.database import open_database
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.library import Library
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.models.embedders.base import Vectors
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.settings import Settings
from assistant.types import OPERATOR, ParsedDocument
from ingestion.parsers.base import parse_file
from ingestion.pipeline import LocalIngestor


class CountingEmbedder(HashingEmbedder):
    """Counts the texts and the calls, and fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded = 0
        self.batches: list[list[str]] = []
        self.failure: BaseException | None = None

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if self.failure is not None:
            raise self.failure
        self.embedded += len(texts)
        self.batches.append(list(texts))
        return super().encode_passages(texts)


class ThreadStages:
    """The real parsers and embedder, in the thread that asks. `change` may add to what a parser
    made of a file, as a format would."""

    parse_ahead = embed_ahead = 2

    def __init__(
        self,
        embedder: HashingEmbedder,
        change: Callable[[Path, ParsedDocument], ParsedDocument] = lambda _path, parsed: parsed,
    ) -> None:
        self._embedder = embedder
        self._change = change

    def parse(self, path: Path) -> Future[ParsedDocument]:
        return _done(
            lambda: self._change(path, parse_file(path, max_pages=99, max_file_bytes=2**20))
        )

    def embed(self, texts: Sequence[str]) -> Future[Vectors]:
        return _done(lambda: self._embedder.encode_passages(texts))

    def close(self) -> None:
        pass


def _done(work: Callable[[], Any]) -> Future[Any]:
    future: Future[Any] = Future()
    try:
        future.set_result(work())
    except BaseException as exc:  # noqa: BLE001 - what a future is for
        future.set_exception(exc)
    return future


class Bench:
    """A library, an ingestor that parses in threads, and what can be seen of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.embedder = CountingEmbedder()
        self.library = Library(
            open_database(directory / "philo.db"),
            MemoryVectors(self.embedder.dimension),
            TantivyLexicon(),
            embedder_id=self.embedder.id,
        )
        self.change: Callable[[Path, ParsedDocument], ParsedDocument] = lambda _path, parsed: parsed
        self.ingestor = self.open_ingestor()

    def open_ingestor(self, **options: Any) -> LocalIngestor:
        settings = Settings(data=self.directory, ingest=IngestSettings(workers=2, **options))
        return LocalIngestor(
            self.library,
            self.embedder,
            settings,
            open_stages=lambda: ThreadStages(
                self.embedder, lambda path, parsed: self.change(path, parsed)
            ),
        )

    def uris(self) -> list[str]:
        return sorted(info.uri for info in self.library.documents(OPERATOR, limit=1000))

    def groups(self) -> dict[str, list[str]]:
        return {info.uri: info.groups for info in self.library.documents(OPERATOR, limit=1000)}

    def upload(self, name: str, text: str, **options: Any) -> Any:
        path = self.directory / "incoming"
        path.write_text(text)
        return self.ingestor.ingest_upload(str(path), name=name, **options)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "data").mkdir()
    opened = Bench(tmp_path / "data")
    yield opened
    opened.ingestor.close()
    opened.library.close()
