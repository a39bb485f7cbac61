"""How fast documents come in: files of the user's own, into an empty data directory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from assistant.service import open_assistant
from assistant.settings import Settings
from assistant.types import OPERATOR, ProgressListener, PublicModel

PAGE_OF_DOCUMENTS = 500


class IngestionSpeed(PublicModel):
    """`seconds` counts from the first look at the files to the last one published, models
    loaded before; `again_seconds` is a second run over the same files, unchanged. `tokens` are
    the embedder's. `peak_mib` is the most memory that this process ever had; each parsing child
    has its own limit. None where the system does not tell it."""

    files: int
    failed: int
    pages: int
    chunks: int
    tokens: int
    seconds: float
    again_seconds: float
    chunks_per_s: float
    tokens_per_s: float
    pages_per_s: float
    peak_mib: float | None


def measure_ingestion(
    settings: Settings, paths: Sequence[str], *, listener: ProgressListener | None = None
) -> IngestionSpeed:
    """Ingest files and folders into a data directory that is deleted afterwards.

    Raises:
        SourceNotFoundError, NothingToIngestError: no path holds a known file.
        ModelMissingError, ModelDamagedError: the embedder's files.
    """
    with tempfile.TemporaryDirectory(prefix="philo-bench-") as scratch:
        fresh = settings.without_generator().model_copy(update={"data": Path(scratch)})
        with open_assistant(fresh) as philo:
            philo.embedder.encode_passages(["warm"])
            started = time.perf_counter()
            report = philo.ingestor.ingest(paths, listener=listener)
            seconds = time.perf_counter() - started
            started = time.perf_counter()
            philo.ingestor.ingest(paths)
            again_seconds = time.perf_counter() - started
            documents, _ = philo.library.count(OPERATOR)
            tokens = 0
            for offset in range(0, documents, PAGE_OF_DOCUMENTS):
                for one in philo.library.documents(
                    OPERATOR, offset=offset, limit=PAGE_OF_DOCUMENTS
                ):
                    pieces = philo.library.document_chunks(one.id, OPERATOR)
                    tokens += sum(philo.embedder.count_tokens([piece.text for piece in pieces]))
    return IngestionSpeed(
        files=report.added + len(report.failed),
        failed=len(report.failed),
        pages=report.pages,
        chunks=report.chunks,
        tokens=tokens,
        seconds=round(seconds, 3),
        again_seconds=round(again_seconds, 3),
        chunks_per_s=round(report.chunks / seconds, 2),
        tokens_per_s=round(tokens / seconds, 1),
        pages_per_s=round(report.pages / seconds, 2),
        peak_mib=peak_mib(),
    )


def peak_mib() -> float | None:
    """Most memory that this process ever had. (getrusage would count the parent's, before exec.)"""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)
    except (OSError, ValueError, IndexError):
        return None
