"""Tables in PDFs: their cells, where each row stands, and what only looks like one."""

import itertools
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from assistant.types import BlockKind
from ingestion.parsers.base import parse_file

WIDTH, HEIGHT = 595.0, 842.0
ROWS = (
    ("Site", "Staff", "Budget"),
    ("Nantes", "48", "12 500"),
    ("Lille", "31", "9 800"),
    ("Metz", "", "4 100"),
)
MARKDOWN = (
    "| Site | Staff | Budget |\n|---|---|---|\n| Nantes | 48 | 12 500 |\n| Lille | 31 | 9 800 |\n"
    "| Metz |  | 4 100 |"
)
PROSE = (
    "Every site reports its staff and its budget at the end of the year, and the board compares "
    "them with those of the year before. "
)


@pytest.fixture
def pdf(tmp_path):
    def make(*pages):
        canvas = Canvas(str(tmp_path / "test.pdf"), pagesize=(WIDTH, HEIGHT))
        for draw in pages:
            draw(canvas)
            canvas.showPage()
        canvas.save()
        return tmp_path / "test.pdf"

    return make


def write(canvas, x, top, text, size=10, font="Helvetica"):
    canvas.setFont(font, size)
    canvas.drawString(x, HEIGHT - top - size, text)


def paragraph(canvas, top, x=60, width=90, times=2):
    words = (PROSE * times).split()
    line = ""
    for word in words:
        if len(line) + len(word) > width:
            write(canvas, x, top, line)
            top, line = top + 12, ""
        line = f"{line} {word}".strip()
    write(canvas, x, top, line)
    return top + 12


def cells(canvas, rows, top, lefts=(70, 200, 300), pitch=20):
    for number, row in enumerate(rows):
        for x, cell in zip(lefts, row, strict=True):
            write(canvas, x, top + pitch * number + 4, cell)


def across(canvas, *tops, left=60, right=400):
    for top in tops:
        canvas.line(left, HEIGHT - top, right, HEIGHT - top)


def down(canvas, *xs, top, bottom):
    for x in xs:
        canvas.line(x, HEIGHT - top, x, HEIGHT - bottom)


def grid(canvas, rows, top):
    cells(canvas, rows, top)
    across(canvas, *(top + 20 * number for number in range(len(rows) + 1)))
    down(canvas, 60, 190, 290, 400, top=top, bottom=top + 20 * len(rows))


def read(path: Path):
    return parse_file(path, max_pages=20, max_file_bytes=10**7)


def tables(parsed):
    return [block.text for block in parsed.blocks if block.kind is BlockKind.TABLE]


def test_ruled_table_is_one_block_between_its_neighbours(pdf):
    def draw(canvas):
        top = paragraph(canvas, 60)
        grid(canvas, ROWS, top + 20)
        paragraph(canvas, top + 150)

    parsed = read(pdf(draw))
    kinds = [block.kind for block in parsed.blocks]
    assert kinds == [BlockKind.PARAGRAPH, BlockKind.TABLE, BlockKind.PARAGRAPH]
    assert parsed.blocks[1].text == MARKDOWN
    assert sum(block.text.count("Nantes") for block in parsed.blocks) == 1


def test_each_row_has_its_place_in_text_and_on_the_page(pdf):
    (block,) = read(pdf(lambda canvas: grid(canvas, ROWS, 100))).blocks
    starts = [block.text[line.offset :].split("|")[1].strip() for line in block.lines]
    assert starts == ["Site", "Nantes", "Lille", "Metz"]
    for number, line in enumerate(block.lines):
        x0, y0, x1, y1 = line.box
        assert 100 + 20 * number < y0 < y1 < 120 + 20 * number
        assert 69 < x0 < x1 < 400


def test_table_with_three_lines_finds_its_columns_by_the_gaps(pdf):
    def draw(canvas):
        cells(canvas, ROWS, 100, pitch=14)
        across(canvas, 100, 118, 162)

    assert tables(read(pdf(draw))) == [MARKDOWN]


def test_table_without_lines_is_found_by_its_columns(pdf):
    def draw(canvas):
        top = paragraph(canvas, 60)
        cells(canvas, ROWS, top + 20, pitch=14)
        paragraph(canvas, top + 110)

    parsed = read(pdf(draw))
    assert tables(parsed) == [MARKDOWN]
    assert len(parsed.blocks) == 3


def test_caption_makes_two_columns_a_table(pdf):
    rows = [("Parameter", "Value"), ("layers", "32"), ("heads", "8")]

    def draw(canvas):
        write(canvas, 60, 300, "Tableau 1 : Architecture du modèle")
        cells(canvas, rows, 320, lefts=(70, 200), pitch=14)

    parsed = read(pdf(draw))
    assert [block.kind for block in parsed.blocks] == [BlockKind.CAPTION, BlockKind.TABLE]
    assert tables(parsed)[0].endswith("| layers | 32 |\n| heads | 8 |")


def test_lines_of_one_cell_are_joined_and_broken_words_mended(pdf):
    def draw(canvas):
        cells(
            canvas,
            (("Term", "Since", "Meaning"), ("Leave", "2019", "Paid absence, in agree-")),
            100,
        )
        write(canvas, 300, 136, "ment with the head")
        cells(canvas, (("Bonus", "2021", "Paid in May"),), 152)
        across(canvas, 100, 120, 150, 172)
        down(canvas, 60, 190, 290, 400, top=100, bottom=172)

    assert tables(read(pdf(draw)))[0].split("\n")[2:] == [
        "| Leave | 2019 | Paid absence, in agreement with the head |",
        "| Bonus | 2021 | Paid in May |",
    ]


def test_header_over_several_columns_is_repeated_in_each(pdf):
    def draw(canvas):
        write(canvas, 70, 110, "Model")
        write(canvas, 225, 103, "Time (s)")
        across(canvas, 118, left=190, right=340)
        write(canvas, 200, 120, "first")
        write(canvas, 300, 120, "total")
        across(canvas, 100, 134, 180)
        cells(canvas, (("small", "0.2", "1.4"), ("large", "0.9", "7.1")), 136)

    assert tables(read(pdf(draw)))[0].split("\n")[0] == (
        "| Model | Time (s) first | Time (s) total |"
    )


def test_cell_beside_several_rows_counts_for_each(pdf):
    def draw(canvas):
        cells(canvas, (("Group", "Case", "Score"),), 100)
        cells(canvas, (("", "left", "0.5"), ("", "right", "0.7")), 120, pitch=13)
        write(canvas, 70, 130.5, "A")
        cells(canvas, (("", "left", "0.2"), ("", "right", "0.3")), 150, pitch=13)
        write(canvas, 70, 160.5, "B")
        across(canvas, 100, 120, 150, 180)
        down(canvas, 190, 290, top=100, bottom=180)

    assert tables(read(pdf(draw)))[0].split("\n")[2:] == [
        "| A | left | 0.5 |",
        "| A | right | 0.7 |",
        "| B | left | 0.2 |",
        "| B | right | 0.3 |",
    ]


def test_table_that_goes_on_is_one_with_its_header_once(pdf):
    first = (ROWS[0], *((f"Site {n}", str(n), "1") for n in range(10, 20)))
    second = (ROWS[0], *((f"Site {n}", str(n), "1") for n in range(20, 25)))
    parsed = read(pdf(lambda c: grid(c, first, 560), lambda c: grid(c, second, 60)))
    (block,) = parsed.blocks
    assert block.text.count("Budget") == 1
    assert len(block.lines) == 16
    assert [line.page for line in block.lines] == [1] * 11 + [2] * 5


def test_text_in_columns_is_no_table(pdf):
    def draw(canvas):
        for x in (40, 220, 400):
            paragraph(canvas, 100, x=x, width=30, times=4)
        across(canvas, 60, 90, 700, left=40, right=560)

    assert tables(read(pdf(draw))) == []


def test_labels_of_a_figure_are_no_table(pdf):
    def draw(canvas):
        for row, column in itertools.product(range(4), range(4)):
            write(canvas, 100 + 60 * column, 300 + 20 * row, f"{row}.{column}")
        write(canvas, 100, 400, "Figure 1: Attention over a window")

    assert tables(read(pdf(draw))) == []


def test_frame_around_text_and_framed_listing_are_no_tables(pdf):
    def draw(canvas):
        paragraph(canvas, 110, x=70, width=60)
        across(canvas, 100, 180)
        down(canvas, 60, 400, top=100, bottom=180)
        for number, line in enumerate(("SELECT  name,", "FROM    staff", "WHERE   site = 1")):
            write(canvas, 70, 310 + 12 * number, line, font="Courier")
        across(canvas, 300, 350)
        down(canvas, 60, 400, top=300, bottom=350)

    assert tables(read(pdf(draw))) == []


def test_drawing_of_many_lines_does_not_stop_the_reader(pdf):
    def draw(canvas):
        paragraph(canvas, 60)
        for number in range(9000):
            canvas.line(number % 500, 100, number % 500, 110 + number % 300)

    parsed = read(pdf(draw))
    assert [block.kind for block in parsed.blocks] == [BlockKind.PARAGRAPH]
