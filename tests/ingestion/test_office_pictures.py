"""Slides and letters that are nothing but pictures of text."""

import io

import docx
import pptx
import pytest
from PIL import Image
from pptx.util import Inches

from assistant.errors import ParseError
from ingestion.parsers.base import parse_file
from ingestion.parsers.pace import Pace
from tests.ingestion.test_ocr import ENGLISH, FRENCH, picture

WHOLE = (0, 0, Inches(10), Inches(7.5))
BLANK, TITLE_ONLY = 6, 5
READING = Pace(ocr_timeout_s=60)


def png(*lines: str) -> io.BytesIO:
    file = io.BytesIO()
    picture(*lines).save(file, "png")
    file.seek(0)
    return file


def read(path, pace=READING):
    return parse_file(path, max_pages=50, max_file_bytes=10**7, pace=pace)


def text_of(parsed, page):
    return " ".join(block.text for block in parsed.blocks if block.page == page)


@pytest.fixture
def deck(tmp_path):
    """A slide with text and a picture, one that is a picture, one with a logo, one with nothing."""
    presentation = pptx.Presentation()
    layouts = presentation.slide_layouts
    titled = presentation.slides.add_slide(layouts[TITLE_ONLY])
    titled.shapes.title.text = "Règlement"
    titled.shapes.add_picture(png(ENGLISH), *WHOLE)
    presentation.slides.add_slide(layouts[BLANK]).shapes.add_picture(png(FRENCH), *WHOLE)
    logo = presentation.slides.add_slide(layouts[BLANK])
    logo.shapes.add_picture(png("ACME"), 0, 0, Inches(1), Inches(1))
    presentation.slides.add_slide(layouts[BLANK])
    presentation.save(tmp_path / "deck.pptx")
    return tmp_path / "deck.pptx"


def test_a_slide_that_is_a_picture_is_recognised_and_no_other(deck):
    parsed = read(deck)
    assert [text_of(parsed, page) for page in (1, 2, 3, 4)] == ["Règlement", FRENCH, "", ""]
    assert [page for page, _ in parsed.recognised] == [2]
    assert parsed.empty_pages == (3, 4)


def test_without_recognition_the_slides_with_text_are_read(deck):
    parsed = read(deck, Pace())
    assert parsed.empty_pages == (2, 3, 4)
    assert parsed.recognised == ()


@pytest.fixture
def letter(tmp_path):
    """Two scanned pages in a Word file, and a picture that is damaged between them."""
    document = docx.Document()
    document.add_picture(png(ENGLISH))
    broken = io.BytesIO()
    Image.new("L", (50, 50)).save(broken, "png")
    document.add_picture(broken)
    document.add_picture(png(FRENCH))
    parts = [one for one in document.part.package.iter_parts() if one.partname.endswith(".png")]
    small = min(parts, key=lambda part: len(part.blob))
    small._blob = small.blob[:60]
    document.save(tmp_path / "letter.docx")
    return tmp_path / "letter.docx"


def test_a_letter_that_was_scanned_into_word_is_recognised(letter):
    parsed = read(letter)
    assert [text_of(parsed, page) for page in (1, 2, 3)] == [ENGLISH, "", FRENCH]
    assert (parsed.pages, parsed.empty_pages) == (3, (2,))
    assert [page for page, _ in parsed.recognised] == [1, 3]


def test_why_its_pictures_were_not_read_is_said(letter, tmp_path):
    with pytest.raises(ParseError, match=r"recognition is switched off"):
        read(letter, Pace())
    document = docx.Document()
    document.add_picture(png())
    document.save(tmp_path / "white.docx")
    with pytest.raises(ParseError, match="none was recognised on its pictures"):
        read(tmp_path / "white.docx")


def test_pictures_beside_text_are_left_alone(tmp_path):
    document = docx.Document()
    document.add_paragraph("Bonjour.")
    document.add_picture(png(ENGLISH))
    document.save(tmp_path / "x.docx")
    parsed = read(tmp_path / "x.docx")
    assert [block.text for block in parsed.blocks] == ["Bonjour."]
