"""PDF: reading order, headings, positions, and what is no text."""

import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from assistant.errors import ParseError
from assistant.types import BlockKind
from ingestion.parsers.base import parse_file
from ingestion.parsers.pace import Pace

WIDTH, HEIGHT = 595.0, 842.0
PROSE = (
    "Every employee may work from home two days a week after the trial period. "
    "The manager agrees on the days in writing and keeps the agreement in the file. "
    "Costs of electricity and heating are refunded once a year on proof of payment. "
)


def make_pdf(
    path: Path, *pages: Callable[[Canvas], object], password: str = "", **metadata: str
) -> Path:
    """Each page is drawn by a function."""
    encryption = StandardEncryption(password) if password else None
    canvas = Canvas(str(path), pagesize=(WIDTH, HEIGHT), encrypt=encryption)
    canvas.setTitle(metadata.get("title", ""))
    canvas.setAuthor(metadata.get("author", ""))
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def write(canvas: Canvas, x: float, top: float, *lines: str, size=10, font="Helvetica") -> float:
    """Lines below each other, the first at `top` points from the page's upper edge; the next
    free one."""
    canvas.setFont(font, size)
    for line in lines:
        canvas.drawString(x, HEIGHT - top - size, line)
        top += 1.2 * size
    return top


def wrap(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def prose(top: float = 100, x: float = 60, width: int = 90, times: int = 2):
    return lambda canvas: write(canvas, x, top, *wrap(PROSE * times, width))


def read(path, max_pages=100, pace=None):
    return parse_file(path, max_pages=max_pages, max_file_bytes=10**7, pace=pace)


def refuse(path, **limits):
    with pytest.raises(ParseError) as caught:
        read(path, **limits)
    return str(caught.value)


def text_of(parsed):
    return "\n\n".join(block.text for block in parsed.blocks)


def headings(parsed):
    return [(b.level, b.text) for b in parsed.blocks if b.kind is BlockKind.HEADING]


@pytest.fixture
def pdf(tmp_path):
    return lambda *pages, **options: make_pdf(tmp_path / "test.pdf", *pages, **options)


def test_lines_of_a_paragraph_become_one_text(pdf):
    parsed = read(pdf(prose(times=1)))
    assert [block.text for block in parsed.blocks] == [PROSE.strip()]
    assert parsed.pages == 1
    assert parsed.empty_pages == ()


def test_two_columns_are_read_one_after_the_other_whatever_the_stream(pdf):
    left = wrap("Left column tells of leave and of rest. " * 12, 40)
    right = wrap("Right column tells of pay and of bonus. " * 12, 40)

    def row_by_row(canvas):
        for index, (a, b) in enumerate(itertools.zip_longest(left, right, fillvalue="")):
            write(canvas, 60, 100 + 12 * index, a)
            write(canvas, 320, 100 + 12 * index, b)

    text = text_of(read(pdf(row_by_row)))
    assert " ".join(left) in text
    assert " ".join(right) in text
    assert text.index("Left") < text.index("Right")


def test_running_headers_footers_and_page_numbers_are_dropped(pdf):
    def page(number):
        words = PROSE.lower().split()
        random.Random(number).shuffle(words)  # noqa: S311 - no secret

        def draw(canvas):
            write(canvas, 60, 30, f"Acme handbook, edition 2024, part {number}")
            write(canvas, 60, 120, *wrap(f"Rule {number}: {' '.join(words)}", 80))
            write(canvas, 290, 800, str(number))

        return draw

    parsed = read(pdf(*(page(number) for number in range(1, 6))))
    assert "Acme" not in text_of(parsed)
    assert [b.text[:7] for b in parsed.blocks] == [f"Rule {n}:" for n in range(1, 6)]
    assert not any(b.text.endswith(str(b.page)) for b in parsed.blocks)


def test_slides_of_one_layout_keep_what_they_repeat(pdf):
    def slide(number):
        return lambda c: write(c, 60, 30, "Quarterly figures", f"Quarter {number}: {number} sites")

    assert text_of(read(pdf(slide(1), slide(2), slide(3)))).count("Quarterly figures") == 3


def test_first_line_that_does_not_come_back_is_kept(pdf):
    def first(canvas):
        write(canvas, 60, 30, "Decision of the board")
        prose()(canvas)

    assert "Decision of the board" in text_of(read(pdf(first, prose())))


def test_hyphens_at_line_ends_are_mended_unless_they_belong_to_the_word(pdf):
    def draw(canvas):
        write(
            canvas,
            60,
            100,
            "The organisa-",
            "tion keeps state-of-the-",
            "art machines; a well-known rule says so, and the well-",
            "known rule is kept by Jean-",
            "Paul in 2019-",
            "2020. Viendra-t-",
            "il demain",
        )

    assert text_of(read(pdf(draw))) == (
        "The organisation keeps state-of-the-art machines; a well-known rule says so, and the "
        "well-known rule is kept by Jean-Paul in 2019-2020. Viendra-t-il demain"
    )


def test_paragraph_that_runs_over_the_page_is_one_block_on_both_pages(pdf):
    parsed = read(
        pdf(
            lambda c: write(c, 60, 700, "The notice period is three months for all staff and"),
            lambda c: write(c, 60, 100, "begins on the first day of the next month."),
        )
    )
    (block,) = parsed.blocks
    assert block.text.endswith("all staff and begins on the first day of the next month.")
    assert [line.page for line in block.lines] == [1, 2]
    assert block.text[block.lines[1].offset :].startswith("begins")


def test_numbered_headings_are_found_with_their_depth(pdf):
    def draw(canvas):
        top = write(canvas, 60, 60, "Staff handbook", size=20, font="Helvetica-Bold")
        for number, title in (
            ("1", "Purpose"),
            ("2", "Leave"),
            ("2.1", "Paid leave"),
            ("3", "Pay"),
        ):
            top = write(canvas, 60, top + 12, f"{number} {title}", font="Helvetica-Bold")
            top = write(canvas, 60, top + 6, *wrap(PROSE, 90))

    parsed = read(pdf(draw))
    assert parsed.title == "Staff handbook"
    assert headings(parsed) == [
        (1, "1 Purpose"),
        (1, "2 Leave"),
        (2, "2.1 Paid leave"),
        (1, "3 Pay"),
    ]


def test_bookmarks_are_believed_first(pdf):
    def draw(canvas):
        top = 60.0
        for level, title in enumerate(("Congés", "Payés", "Maladie", "Divers")):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level=min(level, 1))
            top = write(canvas, 60, top + 12, title)
            top = write(canvas, 60, top + 12, *wrap(PROSE, 90))

    assert headings(read(pdf(draw))) == [
        (1, "Congés"),
        (2, "Payés"),
        (2, "Maladie"),
        (2, "Divers"),
    ]


def test_metadata_title_counts_only_if_it_is_one(pdf):
    assert read(pdf(prose(), title="Microsoft Word - draft.doc")).title == "test"
    assert read(pdf(prose(), title="Travel policy", author="A. Martin")).title == "Travel policy"


def test_boxes_lie_on_the_ink(pdf):
    path = pdf(lambda c: write(c, 60, 100, "The first line", "and the second line."))
    (block,) = read(path).blocks
    assert [line.offset for line in block.lines] == [0, len("The first line ")]
    x0, y0, x1, y1 = block.lines[0].box
    assert 59 <= x0 < 63
    assert 99 <= y0 < 103
    assert 110 < x1 < 125
    assert 107 < y1 < 114
    assert block.lines[1].box[1] > y1 - 2


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_are_those_of_the_displayed_page(pdf, tmp_path, rotation):
    path = pdf(lambda c: write(c, 60, 100, "A line of text", "and another line"))
    document = pypdfium2.PdfDocument(path)
    page = document[0]
    page.set_mediabox(-20, -30, WIDTH, HEIGHT + 40)
    page.set_cropbox(10, 20, WIDTH - 5, HEIGHT)
    page.set_rotation(rotation)
    document.save(tmp_path / "turned.pdf")
    document.close()

    document = pypdfium2.PdfDocument(tmp_path / "turned.pdf")
    image = document[0].render(scale=1, grayscale=True).to_numpy()
    document.close()
    rows, columns = (image < 128).nonzero()
    (block,) = read(tmp_path / "turned.pdf").blocks
    assert block.text == "A line of text and another line"
    boxes = [line.box for line in block.lines]
    assert min(b[0] for b in boxes) == pytest.approx(columns.min(), abs=2)
    assert min(b[1] for b in boxes) == pytest.approx(rows.min(), abs=2)
    assert max(b[2] for b in boxes) == pytest.approx(columns.max() + 1, abs=2)
    assert max(b[3] for b in boxes) == pytest.approx(rows.max() + 1, abs=2)


def test_text_turned_on_the_page_is_read_upright(pdf):
    def sideways(canvas):
        canvas.translate(300, 200)
        canvas.rotate(90)
        canvas.drawString(0, 0, "A wide table in landscape")
        canvas.drawString(0, -14, "stands on its side")

    assert text_of(read(pdf(sideways))) == "A wide table in landscape stands on its side"


def test_stamp_in_the_outer_margin_is_no_text(pdf):
    def stamped(canvas):
        prose()(canvas)
        canvas.rotate(90)
        canvas.drawString(300, -20, "archive:2401.00001")

    assert "archive" not in text_of(read(pdf(stamped)))


def test_pages_without_text_are_told(pdf):
    parsed = read(pdf(prose(), lambda c: c.rect(50, 50, 200, 200), prose()))
    assert parsed.pages == 3
    assert parsed.empty_pages == (2,)


def test_pages_with_nothing_on_them_are_told_as_such(pdf):
    nothing = pdf(lambda c: None, lambda c: None)
    assert refuse(nothing, pace=Pace(60.0)) == "no text: nothing is on any of its 2 pages"


def test_page_of_a_size_that_cannot_be_drawn_is_told_as_such(tmp_path):
    path = tmp_path / "long.pdf"
    canvas = Canvas(str(path), pagesize=(595, 2147483647))
    canvas.rect(0, 0, 9, 9)
    canvas.save()
    assert "its size cannot be drawn" in refuse(path, pace=Pace(60.0))


def test_scan_is_refused_as_one(pdf):
    blank = lambda c: c.rect(9, 9, 9, 9)  # noqa: E731 - a page, like the others here
    assert refuse(pdf(blank)).startswith("no text on its only page: a scan?")
    assert refuse(pdf(blank, blank)) == (
        "no text on any of its 2 pages: a scan? character recognition is switched off "
        "(setting ingest.ocr_timeout_s)"
    )


def test_pdf_whose_fonts_do_not_name_their_characters_is_refused(tmp_path):
    """Type 3 glyphs named /z1, /z2, ...: any text made of them would be noise."""
    names = b" ".join(b"/z%d" % n for n in range(1, 21))
    text = b"BT /F1 12 Tf 60 700 Td <030405060708> Tj ET"
    glyph = b"5 0 d0 0 0 4 7 re f"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[.1 0 0 .1 0 0]/FirstChar 1"
        b"/LastChar 20/Widths[%s]/CharProcs<<%s>>/Encoding<</Differences[1 %s]>>>>"
        % (b"5 " * 20, names.replace(b" ", b" 6 0 R ") + b" 6 0 R", names),
        b"<</Length %d>>stream\n%s\nendstream" % (len(glyph), glyph),
    ]
    data = b"%PDF-1.4\n"
    for number, content in enumerate(objects, 1):
        data += b"%d 0 obj%s endobj\n" % (number, content)
    path = tmp_path / "nameless.pdf"
    path.write_bytes(data + b"trailer<</Size 7/Root 1 0 R>>\n%%EOF")
    assert "fonts do not say what their characters mean" in refuse(path)


def test_encrypted_pdf_is_refused_as_protected(pdf):
    assert "protected by a password" in refuse(pdf(prose(), password="secret"))


def test_truncated_pdf_is_refused_as_damaged(pdf):
    path = pdf(prose())
    path.write_bytes(path.read_bytes()[:300])
    assert "damaged or cut short" in refuse(path)


def test_too_many_pages_are_refused(pdf):
    assert refuse(pdf(prose(), prose()), max_pages=1).startswith("2 pages, more than the 1")


def test_ligatures_are_letters(pdf):
    # not Vera.ttf: ReportLab keeps one font a file, and test_ocr.py has it numbered otherwise
    pdfmetrics.registerFont(TTFont("VeraBd", "VeraBd.ttf"))
    parsed = read(pdf(lambda c: write(c, 60, 100, "de\ufb01ned", font="VeraBd")))
    assert text_of(parsed) == "defined"


def test_words_after_one_in_a_typewriter_font_stay_apart(pdf):
    def draw(canvas):
        x = 60.0
        for word, font in (("Speak.jl", "Courier"), (", a tool for offline", "Times-Roman")):
            for part in word.split():  # each word at its place, without a space between them
                canvas.setFont(font, 10)
                canvas.drawString(x, 700, part)
                x += canvas.stringWidth(part, font, 10) + (2.5 if font != "Courier" else 0)

    assert "Speak.jl, a tool for offline" in text_of(read(pdf(draw)))


def test_bold_lines_below_each_other_are_no_headings(pdf):
    def draw(canvas):
        top = write(canvas, 60, 100, "Leave in summer", font="Helvetica-Bold", size=13)
        top = write(canvas, 60, top + 6, *wrap(PROSE, 90))
        for name in ("Anna Martin", "Bernard Dupont", "Claire Lefebvre", "David Moreau"):
            top = write(canvas, 60, top + 14, name, font="Helvetica-Bold", size=13)
        top = write(canvas, 60, top + 14, *wrap(PROSE, 90))
        top = write(canvas, 60, top + 14, "Aide à l'achat", font="Helvetica-Bold", size=13)
        write(canvas, 60, top + 6, *wrap(PROSE, 90))

    parsed = read(pdf(draw))
    assert [text for _, text in headings(parsed)] == ["Aide à l'achat"]
    assert "Claire Lefebvre" in text_of(parsed)
