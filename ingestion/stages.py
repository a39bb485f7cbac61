"""The two stages that cost: parsing and embedding. Here on this machine; elsewhere by another
implementation of the same seam."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from assistant.ingest_settings import IngestSettings
from assistant.models.embedders.base import Embedder, Vectors
from assistant.types import ParsedDocument
from ingestion.parser_pool import ParserPool
from ingestion.sandbox import SandboxLimits


class Stages(Protocol):
    """Where parsing and embedding happen. Called from several threads."""

    @property
    def parse_ahead(self) -> int:
        """How many files may be on their way to be parsed."""

    @property
    def embed_ahead(self) -> int:
        """How many batches of texts may be on their way to be embedded."""

    def parse(self, path: Path) -> Future[ParsedDocument]:
        """Parse one file. The file stays until the future is done.

        The future raises ParseError with the reason for people, OSError or
        SourceUnavailableError where trying again may help.
        """

    def embed(self, texts: Sequence[str]) -> Future[Vectors]:
        """(N,) texts -> (N, D) float32, L2-normalised, in their order."""

    def close(self) -> None:
        """End what is at work."""


class LocalStages:
    """Parses in child processes of this machine, embeds in a thread."""

    def __init__(self, embedder: Embedder, settings: IngestSettings) -> None:
        self._embedder = embedder
        self._pool = ParserPool(limits_of(settings), workers=settings.workers)
        self._embedding = ThreadPoolExecutor(1, thread_name_prefix="philo-embed")
        self.parse_ahead = 2 * settings.workers
        self.embed_ahead = 2  # one is prepared while the other is embedded

    def parse(self, path: Path) -> Future[ParsedDocument]:
        return self._pool.submit(path)

    def embed(self, texts: Sequence[str]) -> Future[Vectors]:
        return self._embedding.submit(self._embedder.encode_bulk, texts)

    def close(self) -> None:
        self._embedding.shutdown(wait=False, cancel_futures=True)
        self._pool.close()
        self._embedding.shutdown(wait=True)


MOST_OCR_THREADS = 4
"""Each needs about 100 MiB of a file's memory."""


def limits_of(settings: IngestSettings) -> SandboxLimits:
    """What the settings allow one file to cost."""
    return SandboxLimits(
        timeout_s=settings.parse_timeout_s,
        ocr_timeout_s=settings.ocr_timeout_s,
        ocr_threads=min(settings.workers, MOST_OCR_THREADS),
        memory_bytes=settings.parse_memory_bytes,
        max_pages=settings.max_pages,
        max_file_bytes=settings.max_file_bytes,
    )
