"""Scans and images: what Tesseract recognises, and what happens where it cannot."""

import difflib
import os
import re
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import pypdfium2
import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from assistant.errors import ParseError
from assistant.models import tesseract
from assistant.types import BlockKind
from ingestion.parsers import pdf_cipher
from ingestion.parsers.base import parse_file
from ingestion.parsers.pace import Helpers, Pace
from ingestion.sandbox import SandboxLimits, parse_in_sandbox

os.environ["OMP_THREAD_LIMIT"] = "1"  # as in the sandbox; read when Tesseract is loaded

FRENCH = "Les congés payés sont accordés après la période d'essai."
ENGLISH = "The notice period is three months for all members of staff."
READING = Pace(ocr_timeout_s=60)
PATIENT = Pace(ocr_timeout_s=600)
A4 = (595, 842)
LETTERS = ImageFont.truetype(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf", 28)


@cache
def picture(*lines: str, width: int = 1240, height: int = 500) -> Image.Image:
    """Black letters on white at 150 dots an inch, as a scanner would give them."""
    image = Image.new("L", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((100, 100 + 42 * number), line, fill="black", font=LETTERS)
    return image


def scan(path: Path, *pages: Image.Image | str) -> Path:
    """A PDF whose pages are pictures, or where they are strings, text."""
    canvas = Canvas(str(path), pagesize=A4)
    for page in pages:
        if isinstance(page, str):
            canvas.drawString(60, 700, page)
        else:
            scale = min(A4[0] / page.width, A4[1] / page.height)
            width, height = page.width * scale, page.height * scale
            canvas.drawImage(ImageReader(page), 0, A4[1] - height, width, height)
        canvas.showPage()
    canvas.save()
    return path


def read(path, pace=READING, max_pages=20):
    return parse_file(path, max_pages=max_pages, max_file_bytes=10**8, pace=pace)


def refuse(path, **options):
    with pytest.raises(ParseError) as caught:
        read(path, **options)
    return str(caught.value)


def text_of(parsed):
    return " ".join(block.text for block in parsed.blocks)


def test_scan_in_two_languages_is_read_in_the_sandbox(tmp_path):
    path = scan(tmp_path / "scan.pdf", picture(FRENCH, ENGLISH))
    parsed = parse_in_sandbox(path, SandboxLimits())
    assert text_of(parsed) == f"{FRENCH} {ENGLISH}"
    [(page, confidence)] = parsed.recognised
    assert page == 1
    assert 0.8 < confidence <= 1
    assert parsed.empty_pages == ()


def test_only_pages_without_text_are_recognised(tmp_path):
    parsed = read(scan(tmp_path / "mixed.pdf", ENGLISH, picture(FRENCH), ENGLISH))
    assert [block.text for block in parsed.blocks] == [ENGLISH, FRENCH, ENGLISH]
    assert [page for page, _ in parsed.recognised] == [2]


def test_boxes_of_recognised_lines_lie_on_the_ink(tmp_path):
    (block,) = read(scan(tmp_path / "scan.pdf", picture(FRENCH, ENGLISH))).blocks
    assert [line.offset for line in block.lines] == [0, len(FRENCH) + 1]
    scale = A4[0] / 1240
    for number, line in enumerate(block.lines):
        x0, y0, _, y1 = line.box
        assert x0 == pytest.approx(100 * scale, abs=3)
        assert 100 + 42 * number < (y0 + y1) / 2 / scale < 142 + 42 * number


@pytest.mark.parametrize("turns", [1, pytest.param(2, marks=pytest.mark.long)])
def test_turned_scan_is_read_upright_with_boxes_where_it_stands(tmp_path, turns):
    lines = (FRENCH, ENGLISH, *("Chaque demande est faite par écrit." for _ in range(2)))
    turned = picture(*lines).rotate(90 * turns, expand=True)
    parsed = read(scan(tmp_path / "turned.pdf", turned))
    assert ENGLISH in text_of(parsed)
    x0, y0, x1, y1 = parsed.blocks[0].lines[0].box
    if turns == 1:  # upwards, the first line at the left
        assert y1 - y0 > 5 * (x1 - x0)
        assert x0 < 150
    else:
        assert x1 - x0 > 5 * (y1 - y0)
        assert y0 > 150


def test_low_resolution_image_is_enlarged(tmp_path):
    path = tmp_path / "small.png"
    picture(ENGLISH).resize((620, 250), Image.Resampling.LANCZOS).save(path)
    assert text_of(read(path)) == ENGLISH


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".bmp", ".webp"])
def test_image_formats_are_documents(tmp_path, suffix):
    path = tmp_path / f"note{suffix}"
    picture(ENGLISH, height=300).convert("RGB").save(path)
    parsed = read(path)
    assert text_of(parsed) == ENGLISH
    assert parsed.title == "note"


def test_frames_of_a_tiff_are_pages(tmp_path):
    path = tmp_path / "fax.tiff"
    blank = Image.new("L", (1240, 300), "white")
    picture(ENGLISH, height=300).save(
        path, save_all=True, append_images=[blank, picture(FRENCH, height=300)]
    )
    parsed = read(path)
    assert (parsed.pages, parsed.empty_pages) == (3, (2,))
    assert [(block.page, block.text) for block in parsed.blocks] == [(1, ENGLISH), (3, FRENCH)]
    assert "3 pages, more than the 2" in refuse(path, max_pages=2)


def test_letters_on_nothing_are_letters_on_paper(tmp_path):
    path = tmp_path / "glass.png"
    paper = Image.new("RGBA", (1240, 300), (0, 0, 0, 0))
    ImageDraw.Draw(paper).text((100, 100), ENGLISH, fill=(0, 0, 0, 255), font=LETTERS)
    paper.save(path)
    assert text_of(read(path)) == ENGLISH


def test_columns_of_a_scanned_table_stay_columns(tmp_path):
    image = Image.new("L", (1240, 600), "white")
    draw = ImageDraw.Draw(image)
    rows = (("Site", "Staff", "Budget"), ("Nantes", "48", "12500"), ("Lille", "31", "9800"))
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            at = (100 + 350 * column, 100 + 50 * number)
            draw.text(at, cell, fill="black", font=LETTERS)
    image.save(tmp_path / "table.png")
    (block,) = read(tmp_path / "table.png").blocks
    assert block.kind is BlockKind.TABLE
    assert block.text.split("\n") == [
        "| Site | Staff | Budget |",
        "|---|---|---|",
        "| Nantes | 48 | 12500 |",
        "| Lille | 31 | 9800 |",
    ]


def test_noise_is_no_text(tmp_path):
    Image.effect_noise((200, 200), 90).save(tmp_path / "noise.png")
    assert refuse(tmp_path / "noise.png") == "no text was recognised in the image"


def huge_png(side: int) -> bytes:
    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(10**6))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_enormous_image_is_refused_before_it_is_decoded(tmp_path, side):
    (tmp_path / "huge.png").write_bytes(huge_png(side))
    assert "pixels" in refuse(tmp_path / "huge.png")


def test_damaged_image_is_refused_as_one(tmp_path):
    path = tmp_path / "cut.png"
    picture(ENGLISH).save(path)
    path.write_bytes(path.read_bytes()[:700])
    assert "damaged or cut short" in refuse(path)
    path.write_bytes(b"%PDF-1.4 something else")
    assert refuse(path).startswith("not a PNG file: it is a PDF")


def test_pages_that_no_time_is_left_for_are_told(tmp_path):
    path = scan(tmp_path / "long.pdf", ENGLISH, picture(FRENCH), picture(FRENCH))
    parsed = read(path, pace=Pace(ocr_timeout_s=1e-6))
    assert parsed.empty_pages == (2, 3)
    assert text_of(parsed) == ENGLISH
    only_scans = scan(tmp_path / "scans.pdf", picture(FRENCH))
    assert "stopped after 1e-06 s (setting ingest.ocr_timeout_s)" in refuse(
        only_scans, pace=Pace(ocr_timeout_s=1e-6)
    )


def test_missing_tesseract_is_named_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(tesseract, "_LIBRARIES", ("libnowhere.so",))
    mixed = read(scan(tmp_path / "mixed.pdf", ENGLISH, picture(FRENCH)))
    assert mixed.empty_pages == (2,)
    reason = refuse(scan(tmp_path / "scan.pdf", picture(FRENCH)))
    assert "Tesseract is not installed" in reason
    assert "apt-get install tesseract-ocr tesseract-ocr-fra" in reason


def test_each_recognised_page_restarts_the_time_limit(tmp_path):
    told = []
    pace = Pace(60, lambda *, recognising: told.append(recognising))
    read(scan(tmp_path / "scans.pdf", picture(FRENCH), picture(FRENCH)), pace=pace)
    assert told == [True, True, False]


def test_pages_are_recognised_at_the_same_time_and_come_in_their_order(tmp_path, monkeypatch):
    path = scan(tmp_path / "scans.pdf", picture("Page one is first."), picture("Page two is last."))
    both = threading.Barrier(2)
    recognise = tesseract.Tesseract.read

    def wait_for_the_other(self, *pixels, **options):
        both.wait(timeout=30)
        return recognise(self, *pixels, **options)

    alone = read(path)
    monkeypatch.setattr(tesseract.Tesseract, "read", wait_for_the_other)
    with ThreadPoolExecutor(2) as threads:
        pace = Pace(60, helpers=Helpers(threads, 2))
        assert read(path, pace=pace) == alone
    assert [number for number, _ in alone.recognised] == [1, 2]
    assert "first" in alone.blocks[0].text


def test_sandbox_recognises_several_pages_at_a_time_with_the_same_result(tmp_path):
    frames = [picture(FRENCH), picture(ENGLISH), picture(FRENCH, height=300)]
    pdf = scan(tmp_path / "scans.pdf", *frames)
    tiff = tmp_path / "scans.tiff"
    first, *others = [frame.copy() for frame in frames]  # printing them has left its options there
    first.save(tiff, save_all=True, append_images=others)
    for path in (pdf, tiff):
        found = [parse_in_sandbox(path, SandboxLimits(ocr_threads=count)) for count in (1, 3)]
        assert found[0] == found[1]
        assert len(found[0].recognised) == 3


@pytest.mark.parametrize("count", [1, 2])
def test_frame_that_fails_costs_itself_only(tmp_path, monkeypatch, count):
    path = tmp_path / "scans.tiff"
    first, *others = [picture(FRENCH, height=height).copy() for height in (300, 400, 500)]
    first.save(path, save_all=True, append_images=others)
    recognise = tesseract.Tesseract.read

    def fail_on_the_second(self, pixels, width, height, **options):
        if round(1240 * height / width) == 400:
            raise ValueError("damaged")
        return recognise(self, pixels, width, height, **options)

    monkeypatch.setattr(tesseract.Tesseract, "read", fail_on_the_second)
    with ThreadPoolExecutor(count) as threads:
        pace = Pace(60, helpers=Helpers(threads, count) if count > 1 else None)
        assert read(path, pace=pace).empty_pages == (2,)


def test_recognition_keeps_to_the_memory_of_a_file(tmp_path):
    path = scan(tmp_path / "scan.pdf", picture(FRENCH))
    limits = partial(SandboxLimits, timeout_s=30)
    assert parse_in_sandbox(path, limits(memory_bytes=2**29)).recognised
    with pytest.raises(ParseError, match="memory"):
        parse_in_sandbox(path, limits(memory_bytes=100 * 2**20))


RULES = (
    "The notice period is three months for all members of staff who were hired before 2019.",
    "Les congés payés sont accordés après la période d'essai, à raison de 25 jours par an.",
    "Every request has to be approved by the head of the department within 14 days (rule 8).",
    "Les frais de déplacement sont remboursés sur présentation des factures, au plus 650 euros.",
    "Working at home is possible on Mondays; expenses are shared equally by both of the parties.",
    "Quiconque reçoit des données sensibles les garde chiffrées et les détruit ensuite.",
)


def print_nameless(path: Path, *pages: str, beside: str = "") -> Path:
    """A PDF whose font does not say what its characters mean, and counts them in the order in
    which they come."""
    pdfmetrics.registerFont(TTFont("Nameless", "Vera.ttf", asciiReadable=False))
    canvas = Canvas(str(path), pagesize=A4)
    for page in pages:
        canvas.drawString(40, 810, beside)  # in a font that says what it means
        canvas.setFont("Nameless", 10)
        for number, line in enumerate(page.split("\n")):
            canvas.drawString(40, 780 - 16 * number, line)
        canvas.showPage()
    canvas.save()
    data = path.read_bytes()
    assert b"/ToUnicode" in data
    path.write_bytes(re.sub(rb"/ToUnicode \d+ 0 R", lambda found: b" " * len(found[0]), data))
    return path


def rules(first: int) -> str:
    return "\n".join((RULES * 12)[first : first + 40])


@pytest.fixture
def recognised_rows(monkeypatch):
    """Rows of pixels that are put before the recogniser, at each call."""
    rows = []
    recognise = tesseract.Tesseract.read

    def count(self, pixels, width, height, **options):
        rows.append(height)
        return recognise(self, pixels, width, height, **options)

    monkeypatch.setattr(tesseract.Tesseract, "read", count)
    return rows


def test_fonts_without_meaning_are_read_by_some_recognised_lines(tmp_path, recognised_rows):
    pages = [rules(first).replace("fi", "\ufb01") for first in range(6)]
    beside = "Rules of the house as of March"
    path = print_nameless(tmp_path / "nameless.pdf", *pages, beside=beside)
    parsed = read(path, PATIENT)
    assert (
        text_of(parsed).replace(beside, "").split()
        == " ".join(pages).replace("\ufb01", "fi").split()
    )
    assert [page for page, _ in parsed.recognised] == [1, 2, 3, 4, 5, 6]
    assert min(confidence for _, confidence in parsed.recognised) > 0.9
    assert len(recognised_rows) == 6
    assert sum(recognised_rows[1:]) < 1.5 * recognised_rows[0]


def test_fonts_of_one_name_and_other_meanings_are_told_apart(tmp_path, recognised_rows):
    """The page whose font does not agree with what was learned is recognised as a whole."""
    pages = [rules(0), rules(3), rules(1), rules(2)]
    with pypdfium2.PdfDocument.new() as joined:
        for name, own in (("one", pages[:2]), ("other", pages[2:3]), ("third", pages[3:])):
            with pypdfium2.PdfDocument(print_nameless(tmp_path / f"{name}.pdf", *own)) as part:
                joined.import_pages(part)
        joined.save(tmp_path / "joined.pdf")
    parsed = read(tmp_path / "joined.pdf", PATIENT)
    assert [page for page, _ in parsed.recognised] == [1, 2, 3, 4]
    exact = " ".join(pages[:2]).split()
    words = text_of(parsed).split()
    assert words[: len(exact)] == exact
    assert len(recognised_rows) == 6
    expected = " ".join(pages).split()
    assert difflib.SequenceMatcher(None, words, expected, autojunk=False).ratio() > 0.97


def test_lines_too_many_for_one_picture_are_recognised_as_their_page(
    tmp_path, monkeypatch, recognised_rows
):
    monkeypatch.setattr(pdf_cipher, "MOST_PIXELS", 1000)
    parsed = read(print_nameless(tmp_path / "nameless.pdf", "\n".join(RULES)))
    assert text_of(parsed).split() == " ".join(RULES).split()
    assert recognised_rows == [3509]
