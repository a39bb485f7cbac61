"""Bringing documents in on a real cluster of two nodes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ClusterError
from assistant.ingest_settings import IngestSettings
from assistant.knowledge.library import Library
from assistant.knowledge.opening import open_library
from assistant.models.embedders import Embedder, open_embedder
from assistant.models.settings import ModelSettings
from assistant.settings import Settings
from assistant.types import OPERATOR, IngestProgress
from ingestion.pipeline import open_ingestor

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Ray's processes and sockets
]

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def embedder(model_directory: Path) -> Iterator[Embedder]:
    opened = open_embedder(ModelSettings(directory=model_directory))
    yield opened
    opened.close()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The examples, a broken file and an empty one among many short ones."""
    folder = tmp_path / "files"
    shutil.copytree(EXAMPLES / "handbook", folder)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and no more")
    (folder / "empty.docx").write_bytes(b"")
    for number in range(20):
        (folder / f"note {number:02d} d'été.md").write_text(
            f"# Note {number}\n\nThe office of branch {number} opens at {number} o'clock.\n"
        )
    return folder


def bring_in(
    files: Path, embedder: Embedder, data: Path, models: Path, cluster: str | None, listener: Any
) -> tuple[Any, dict[str, Any]]:
    """The report, and of each document by its address all that shapes answers."""
    settings = Settings(
        data=data,
        models=ModelSettings(directory=models),
        ingest=IngestSettings(workers=2, cluster=cluster),
    )
    data.mkdir()
    library = open_library(data, embedder_id=embedder.id, dimension=embedder.dimension)
    try:
        ingestor = open_ingestor(library, embedder, settings)
        report = ingestor.ingest([str(files)], listener=listener)
        ingestor.close()
        return report, contents(library, embedder)
    finally:
        library.close()


def contents(library: Library, embedder: Embedder) -> dict[str, Any]:
    found = library.search_dense(embedder.encode_query("branch 7"), k=1000, readable=OPERATOR)
    scores = {one.id: one.score for one in found}
    documents = {}
    for info in library.documents(OPERATOR):
        chunks = library.document_chunks(info.id, OPERATOR)
        documents[info.uri] = (
            info.title,
            info.language,
            info.pages,
            [(one.start, one.end, one.text, one.heading, one.lines) for one in chunks],
            [scores[one.chunk_id] for one in chunks],
        )
    assert len(documents) == len(library.documents(OPERATOR))
    return documents


def test_result_is_that_of_the_plain_run_when_a_node_dies_in_the_middle(
    cluster: Any,
    second_node: Any,
    files: Path,
    embedder: Embedder,
    model_directory: Path,
    tmp_path: Path,
) -> None:
    killed_at = []

    def kill_a_node(progress: IngestProgress) -> None:
        if not killed_at and progress.done >= 8:
            killed_at.append(progress.done)
            cluster.remove_node(second_node, allow_graceful=False)

    here, there = tmp_path / "here", tmp_path / "there"
    plain, expected = bring_in(files, embedder, here, model_directory, None, None)
    report, documents = bring_in(
        files, embedder, there, model_directory, cluster.address, kill_a_node
    )
    assert killed_at
    assert killed_at[0] < report.added
    assert documents.keys() == expected.keys()
    for uri, (*told, scores) in documents.items():
        *wanted, near = expected[uri]
        assert told == wanted
        assert scores == pytest.approx(near, abs=1e-3)  # summed in another order, so rounded apart
    assert len(documents) > 30
    assert (report.added, report.pages, report.chunks) == (
        plain.added,
        plain.pages,
        plain.chunks,
    )
    assert sorted((one.uri, one.reason) for one in report.failed) == sorted(
        (one.uri, one.reason) for one in plain.failed
    )
    assert len(report.failed) == 2


def test_cluster_that_is_not_there_stops_with_what_to_do(
    files: Path, embedder: Embedder, model_directory: Path, tmp_path: Path
) -> None:
    with pytest.raises(ClusterError, match="ray start --address"):
        bring_in(files, embedder, tmp_path / "data", model_directory, "127.0.0.1:9", None)
