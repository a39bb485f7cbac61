"""Documents that are known as text only."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.types import OPERATOR, TextDocument

MANY = [TextDocument(f"t:{number}", f"Title {number}", f"Text {number}.") for number in range(100)]


def test_an_interrupted_call_is_taken_up_by_the_next(bench):
    def interrupt(progress: Any) -> None:
        if progress.done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.ingestor.ingest_texts(MANY, listener=interrupt)
    kept, _ = bench.library.count(OPERATOR)
    assert 0 < kept < len(MANY)
    told = []
    report = bench.ingestor.ingest_texts(MANY, listener=told.append)
    assert (report.unchanged, report.added) == (kept, len(MANY) - kept)
    assert bench.library.count(OPERATOR)[0] == len(MANY)
    assert bench.embedder.embedded == len(MANY)
    assert [one.done for one in told] == [*range(1, len(MANY) + 1)]


def test_a_changed_text_is_a_new_version_and_an_equal_one_is_not_embedded(bench):
    bench.ingestor.ingest_texts(
        [TextDocument("t:a", "A", "One.\nTwo."), TextDocument("t:b", "", "B.")]
    )
    embedded = bench.embedder.embedded
    report = bench.ingestor.ingest_texts(
        [TextDocument("t:a", "A", "One.\nThree."), TextDocument("t:c", "", "B.")]
    )
    assert (report.updated, report.added, report.unchanged) == (1, 1, 0)
    assert bench.embedder.embedded == embedded + 1
    document = bench.library.find("t:a", "default").document_id
    assert [one.text for one in bench.library.document_chunks(document, OPERATOR)] == [
        "One.\n\nThree."
    ]


def test_a_document_without_text_is_named(bench):
    report = bench.ingestor.ingest_texts([TextDocument("t:a", "Title alone", " \n ")])
    assert [(one.uri, one.reason) for one in report.failed] == [("t:a", "no text was found in it")]
