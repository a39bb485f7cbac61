"""How well a document was read is said, and what was read too badly is not searched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.types import OPERATOR, ParsedDocument


@pytest.fixture
def scanned(bench: Any) -> Any:
    """Says of whatever is parsed what `bench.scan` says."""
    bench.scan = {"pages": 10, "empty_pages": (2, 3, 7), "recognised": ((1, 0.9), (4, 0.6))}

    def change(_path: Path, parsed: ParsedDocument) -> ParsedDocument:
        return replace(parsed, **bench.scan)

    bench.change = change
    return bench


def test_pages_and_confidence_are_kept_with_the_document(scanned: Any) -> None:
    scanned.upload("scan.md", "# Scan\n\nThe text of it is in English, as far as one can see.")
    [info] = scanned.library.documents(OPERATOR)
    assert (info.pages, info.pages_read, info.empty_pages) == (10, 7, [2, 3, 7])
    assert (info.recognised_pages, info.ocr_confidence) == ([1, 4], 0.75)
    assert info.language == "en"


def test_a_page_without_text_is_said_in_the_report(scanned: Any) -> None:
    report = scanned.upload("scan.md", "# Scan\n\nText.")
    [incomplete] = report.incomplete
    assert (incomplete.uri, incomplete.pages) == ("upload://default/scan.md", [2, 3, 7])
    scanned.scan = {}
    assert scanned.upload("whole.md", "# Whole\n\nText.").incomplete == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"min_read_share": 0.71}, "7 of 10 pages"),
        ({"min_ocr_confidence": 0.76}, "0.75"),
        ({"min_read_share": 0.7, "min_ocr_confidence": 0.75}, None),
    ],
)
def test_what_was_read_too_badly_goes_into_quarantine(
    scanned: Any, options: dict[str, float], reason: str | None
) -> None:
    scanned.ingestor = scanned.open_ingestor(**options)
    report = scanned.upload("scan.md", "# Scan\n\nText of the scan.")
    if reason is None:
        assert (report.added, report.quarantined) == (1, [])
        return
    assert (report.added, report.failed, report.incomplete) == (0, [], [])
    [held] = report.quarantined
    assert reason in held.reason
    assert next(iter(options)) in held.reason
    assert scanned.uris() == []
    [info] = scanned.library.documents(OPERATOR, state="quarantined")
    assert info.reason == held.reason
    assert scanned.upload("scan.md", "# Scan\n\nText of the scan.").unchanged == 1
    scanned.library.release(info.id)
    assert scanned.uris() == ["upload://default/scan.md"]
    assert scanned.upload("scan.md", "# Scan\n\nText of the scan.").unchanged == 1
