"""What stands beside the running text: captions, footnotes, the list of references."""

import pytest
from reportlab.pdfgen.canvas import Canvas

from assistant.types import BlockKind
from ingestion.parsers.base import parse_file

HEIGHT = 842.0
PROSE = (
    "The board decides on leave of more than ten days and keeps a record of every decision that "
    "was taken in the course of the year"
)


@pytest.fixture
def pdf(tmp_path):
    def make(*pages):
        canvas = Canvas(str(tmp_path / "test.pdf"), pagesize=(595, HEIGHT))
        for draw in pages:
            draw(canvas)
            canvas.showPage()
        canvas.save()
        return parse_file(tmp_path / "test.pdf", max_pages=9, max_file_bytes=10**7)

    return make


def write(canvas, top, *lines, x=60.0, size=10.0, font="Helvetica"):
    canvas.setFont(font, size)
    for line in lines:
        canvas.drawString(x, HEIGHT - top - size, line)
        top += 1.2 * size
    return top


def prose(canvas, top, *, last="."):
    middle = PROSE.index(" ", len(PROSE) // 2)
    return write(canvas, top, PROSE[:middle], PROSE[middle + 1 :] + last)


def of_kind(parsed, kind):
    return [block.text for block in parsed.blocks if block.kind is kind]


def note(canvas, top, mark, text):
    write(canvas, top - 1, mark, size=5)
    write(canvas, top, text, x=64, size=8)


def test_notes_below_a_short_line_are_footnotes_each_its_own(pdf):
    def draw(canvas):
        prose(canvas, 60)
        canvas.line(60, HEIGHT - 700, 180, HEIGHT - 700)
        note(canvas, 706, "1", "See the decree of 12 March on the matter.")
        note(canvas, 717, "2", "This does not hold for trainees.")

    notes = of_kind(pdf(draw), BlockKind.FOOTNOTE)
    assert [text[:1] for text in notes] == ["1", "2"]
    assert notes[1].endswith("trainees.")


def test_paragraph_goes_on_over_the_page_past_its_footnote(pdf):
    def first(canvas):
        prose(canvas, 680, last=" and")
        canvas.line(60, HEIGHT - 720, 180, HEIGHT - 720)
        note(canvas, 726, "1", "See the decree of 12 March on the matter.")

    parsed = pdf(first, lambda canvas: write(canvas, 60, "publishes it in the spring."))
    (text,) = of_kind(parsed, BlockKind.PARAGRAPH)
    assert text.endswith("in the course of the year and publishes it in the spring.")
    assert len(of_kind(parsed, BlockKind.FOOTNOTE)) == 1


def test_small_text_in_the_middle_of_a_page_is_no_footnote(pdf):
    def draw(canvas):
        top = prose(canvas, 60)
        write(canvas, top + 20, "All amounts are in thousands of euros.", size=8)
        prose(canvas, top + 60)

    assert of_kind(pdf(draw), BlockKind.FOOTNOTE) == []


@pytest.mark.parametrize("heading", ["References", "Bibliographie"])
def test_each_numbered_reference_is_a_block(pdf, heading):
    def draw(canvas):
        top = write(canvas, prose(canvas, 60) + 12, heading, size=13, font="Helvetica-Bold")
        for number in (1, 2, 3):
            top = write(canvas, top + 2, f"[{number}] A. Martin. Leave and rest, part {number}, in")
            top = write(canvas, top, "Proceedings of the society, 2019.", x=76)

    assert of_kind(pdf(draw), BlockKind.REFERENCE) == [
        f"[{n}] A. Martin. Leave and rest, part {n}, in Proceedings of the society, 2019."
        for n in (1, 2, 3)
    ]


def test_references_without_numbers_are_parted_by_their_indent(pdf):
    def draw(canvas):
        top = write(canvas, prose(canvas, 60) + 12, "References", size=13, font="Helvetica-Bold")
        for name in ("Aubry", "Benoit", "Chevalier", "Dumas"):
            top = write(canvas, top, f"{name}, J., 2011. On the length of working days in the")
            top = write(canvas, top, "textile industry. Labour Review 12.", x=76)

    entries = of_kind(pdf(draw), BlockKind.REFERENCE)
    assert [entry.split(",")[0] for entry in entries] == ["Aubry", "Benoit", "Chevalier", "Dumas"]


def test_list_of_references_ends_at_the_next_heading(pdf):
    def draw(canvas):
        top = 60.0
        for number, title in (("1", "Purpose"), ("2", "Scope"), ("3", "References")):
            top = write(canvas, top + 12, f"{number} {title}", font="Helvetica-Bold")
            top = prose(canvas, top + 6)
        top = write(canvas, top + 12, "4 Annex", font="Helvetica-Bold")
        prose(canvas, top + 6)

    parsed = pdf(draw)
    assert len(of_kind(parsed, BlockKind.REFERENCE)) == 1
    assert parsed.blocks[-1].kind is BlockKind.PARAGRAPH


@pytest.mark.parametrize(
    "caption", ["Figure 2: Staff by site", "Tableau 3 : Effectifs", "Fig. 4. Budget", "Table 1"]
)
def test_captions_are_told_apart(pdf, caption):
    def draw(canvas):
        top = prose(canvas, 60)
        write(canvas, top + 30, caption)

    assert of_kind(pdf(draw), BlockKind.CAPTION) == [caption]
