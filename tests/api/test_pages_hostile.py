"""A file that is hostile to who draws it costs nothing but its own page."""

from pathlib import Path

import pytest

from assistant.errors import ParseError
from assistant.ingest_settings import IngestSettings
from ingestion.page_drawing import PageDrawing

GIANT = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 900000 2]>>endobj
trailer<</Root 1 0 R>>
"""


@pytest.fixture(scope="module")
def drawing():
    made = PageDrawing(IngestSettings())
    yield made
    made.close()


def draw(drawing, path: Path, content: bytes, *, number=1, media_type="application/pdf"):
    path.write_bytes(content)
    return drawing.draw(path, number=number, media_type=media_type)


def test_page_of_absurd_size_is_drawn_small(drawing, tmp_path):
    page = draw(drawing, tmp_path / "giant.pdf", GIANT)
    assert page.width_pt > 10_000
    assert len(page.png) < 2**20


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n garbage", b"\x89PNG\r\n\x1a\n garbage"])
@pytest.mark.parametrize("media_type", ["application/pdf", "image/png"])
def test_broken_file_is_refused_and_the_next_one_is_drawn(drawing, tmp_path, content, media_type):
    with pytest.raises(ParseError):
        draw(drawing, tmp_path / "broken", content, media_type=media_type)


def test_page_beyond_the_last_is_refused(drawing, tmp_path):
    with pytest.raises(ParseError):
        draw(drawing, tmp_path / "giant.pdf", GIANT, number=2)
