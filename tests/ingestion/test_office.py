"""DOCX, PPTX and XLSX."""

import datetime

import docx
import openpyxl
import pptx
import pytest
from docx.enum.text import WD_BREAK
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx.util import Inches

from assistant.errors import ParseError
from assistant.types import BlockKind
from ingestion.parsers import xlsx
from ingestion.parsers.base import parse_file


def read(path):
    return parse_file(path, max_pages=50, max_file_bytes=10**7)


def outline(parsed):
    return [(block.kind.value, block.page, block.text) for block in parsed.blocks]


def save(document, path):
    document.save(path)
    return path


def test_docx_body_is_read_in_order_with_headings_lists_and_tables(tmp_path):
    document = docx.Document()
    document.add_heading("Règlement", 0)
    document.add_heading("Congés", 1)
    document.add_paragraph("Vingt-cinq jours par an.")
    document.add_paragraph("un badge", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        [*table.rows[0].cells, *table.rows[1].cells],
        ["Ville", "Prime", "Lyon | Est", "12 €"],
        strict=True,
    ):
        cell.text = text
    document.add_heading("Télétravail", 2)
    document.add_paragraph("Deux jours.")
    parsed = read(save(document, tmp_path / "x.docx"))
    assert outline(parsed) == [
        ("title", 1, "Règlement"),
        ("heading", 1, "Congés"),
        ("paragraph", 1, "Vingt-cinq jours par an."),
        ("list_item", 1, "- un badge"),
        ("table", 1, "| Ville | Prime |\n|---|---|\n| Lyon \\| Est | 12 € |"),
        ("heading", 1, "Télétravail"),
        ("paragraph", 1, "Deux jours."),
    ]
    assert [block.level for block in parsed.blocks] == [0, 1, 0, 0, 0, 2, 0]
    assert parsed.title == "Règlement"
    assert parsed.author == ""


def test_docx_pages_follow_the_breaks(tmp_path):
    document = docx.Document()
    document.add_paragraph("first").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("second")
    parsed = read(save(document, tmp_path / "x.docx"))
    assert outline(parsed) == [("paragraph", 1, "first"), ("paragraph", 2, "second")]
    assert parsed.pages == 2


def test_docx_tracked_text_and_content_controls_are_read_as_accepted(tmp_path):
    document = docx.Document()
    paragraph = document.add_paragraph("kept")
    paragraph._p.append(parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t> inserted</w:t></w:r></w:ins>"))
    paragraph._p.append(
        parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>deleted</w:delText></w:r></w:del>")
    )
    document.element.body.insert(
        0,
        parse_xml(
            f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>controlled</w:t></w:r></w:p>"
            "</w:sdtContent></w:sdt>"
        ),
    )
    parsed = read(save(document, tmp_path / "x.docx"))
    assert [block.text for block in parsed.blocks] == ["controlled", "kept inserted"]


def test_docx_without_styles_takes_short_bold_paragraphs_for_headings(tmp_path):
    document = docx.Document()
    for title in ("Leave", "Pay"):
        document.add_paragraph().add_run(title).bold = True
        document.add_paragraph("A rule that is explained at some length.")
        document.add_paragraph("Another rule.")
    parsed = read(save(document, tmp_path / "x.docx"))
    headings = [block.text for block in parsed.blocks if block.kind is BlockKind.HEADING]
    assert headings == ["Leave", "Pay"]


def test_pptx_slides_are_pages_with_title_table_and_notes(tmp_path):
    presentation = pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Quarter"
    first.placeholders[1].text = "Sales rose\nCosts fell"
    first.notes_slide.notes_text_frame.text = "Say thanks."
    presentation.slides.add_slide(presentation.slide_layouts[6])
    third = presentation.slides.add_slide(presentation.slide_layouts[5])
    third.shapes.title.text = "Sites"
    table = third.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for row, column, text in ((0, 0, "City"), (0, 1, "Staff"), (1, 0, "Lyon"), (1, 1, "12")):
        table.cell(row, column).text = text
    parsed = read(save(presentation, tmp_path / "x.pptx"))
    assert outline(parsed) == [
        ("heading", 1, "Quarter"),
        ("list_item", 1, "- Sales rose"),
        ("list_item", 1, "- Costs fell"),
        ("paragraph", 1, "Say thanks."),
        ("heading", 3, "Sites"),
        ("table", 3, "| City | Staff |\n|---|---|\n| Lyon | 12 |"),
    ]
    assert parsed.pages == 3
    assert parsed.empty_pages == (2,)
    assert parsed.title == "Quarter"


def test_xlsx_sheets_are_pages_and_blank_rows_part_tables(tmp_path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Tarifs"
    for row in (
        ["Tarifs 2024"],
        ["Ville", "Prix", "Taux", "Depuis", "Actif"],
        ["Lyon", 12.5, 0.055, datetime.date(2024, 3, 1), True],
        [],
        ["Nom", "Poste"],
        ["Ada", "Directrice"],
    ):
        sheet.append(row)
    sheet["C3"].number_format = "0.0%"
    workbook.create_sheet("Vide")
    workbook.save(tmp_path / "tarifs.xlsx")
    parsed = read(tmp_path / "tarifs.xlsx")
    assert outline(parsed) == [
        ("heading", 1, "Tarifs"),
        ("paragraph", 1, "Tarifs 2024"),
        (
            "table",
            1,
            "| Ville | Prix | Taux | Depuis | Actif |\n|---|---|---|---|---|\n"
            "| Lyon | 12.5 | 5.5% | 2024-03-01 | TRUE |",
        ),
        ("table", 1, "| Nom | Poste |\n|---|---|\n| Ada | Directrice |"),
    ]
    assert parsed.pages == 2
    assert parsed.empty_pages == (2,)
    assert parsed.title == "tarifs"


def test_xlsx_header_over_two_rows_and_a_gap_stays_with_its_figures(tmp_path):
    workbook = openpyxl.Workbook()
    for row in (
        ["In millions", None, None, "Year 2023"],
        [None, "Sales", "Costs", "Profit"],
        [],
        ["North", 5, 3, 2],
    ):
        workbook.active.append(row)
    workbook.save(tmp_path / "x.xlsx")
    (table,) = read(tmp_path / "x.xlsx").blocks[1:]
    assert table.text.splitlines()[0] == "| In millions | Sales | Costs | Year 2023 Profit |"
    assert table.text.splitlines()[2] == "| North | 5 | 3 | 2 |"


def test_xlsx_first_row_of_text_is_no_second_header(tmp_path):
    workbook = openpyxl.Workbook()
    for row in (["Item", "Limit"], ["Meal", "on proof"], ["Night", 120]):
        workbook.active.append(row)
    workbook.save(tmp_path / "x.xlsx")
    assert read(tmp_path / "x.xlsx").blocks[-1].text.splitlines()[0] == "| Item | Limit |"


def test_xlsx_with_a_cell_in_the_last_corner_is_read_at_once(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "here"
    workbook.active["XFD1048576"] = "far away"
    workbook.save(tmp_path / "x.xlsx")
    assert "far away" in "\n".join(block.text for block in read(tmp_path / "x.xlsx").blocks)


def test_xlsx_that_is_a_database_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_CELLS", 500)
    workbook = openpyxl.Workbook()
    workbook.active.title = "Log"
    for _ in range(51):
        workbook.active.append([1] * 10)
    workbook.save(tmp_path / "x.xlsx")
    with pytest.raises(ParseError, match=r"more than 500 filled cells \(in sheet 'Log'\)"):
        read(tmp_path / "x.xlsx")


def test_document_without_any_text_is_refused(tmp_path):
    with pytest.raises(ParseError, match="no text was found"):
        read(save(docx.Document(), tmp_path / "x.docx"))
