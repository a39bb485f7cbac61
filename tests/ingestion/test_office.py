"""DOCX, PPTX and XLSX."""

import copy
import datetime
import re

import docx
import openpyxl
import pptx
import pytest
from docx.enum.text import WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.util import Inches

from assistant.errors import ParseError
from assistant.types import BlockKind
from ingestion.parsers import sheets
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


def test_docx_notes_stand_behind_the_paragraph_that_marks_them(tmp_path):
    document = docx.Document()
    paragraph = document.add_paragraph("Vingt-cinq jours")
    paragraph._p.append(parse_xml(f'<w:r {nsdecls("w")}><w:footnoteReference w:id="2"/></w:r>'))
    document.add_paragraph("par an")
    notes = (
        f'<w:footnotes {nsdecls("w")}><w:footnote w:type="separator" w:id="-1"/>'
        '<w:footnote w:id="2"><w:p><w:r><w:t>Loi de 2016.</w:t></w:r></w:p></w:footnote>'
        '<w:footnote w:id="3"><w:p><w:r><w:t>Orphan</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    part = Part(
        PackURI("/word/footnotes.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
        notes.encode("utf-8"),
        document.part.package,
    )
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert outline(read(save(document, tmp_path / "x.docx"))) == [
        ("paragraph", 1, "Vingt-cinq jours"),
        ("footnote", 1, "1 Loi de 2016."),
        ("paragraph", 1, "par an"),
    ]


def test_docx_numbers_of_lists_and_headings_are_counted(tmp_path):
    document = docx.Document()
    for _ in range(2):
        document.add_paragraph("thing", style="List Number")
    document.add_paragraph("dot", style="List Bullet")
    number = document.styles["List Number"].element.find(f".//{qn('w:numPr')}")
    heading = document.add_heading("Scope", 2)
    heading._p.get_or_add_pPr().append(copy.deepcopy(number))
    assert outline(read(save(document, tmp_path / "x.docx"))) == [
        ("list_item", 1, "1. thing"),
        ("list_item", 1, "2. thing"),
        ("list_item", 1, "- dot"),
        ("heading", 1, "3. Scope"),
    ]


def test_docx_hidden_text_contents_and_margins_are_left_out(tmp_path):
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "page head"
    document.add_paragraph("Scope 3", style=document.styles.add_style("toc 1", 1))
    document.add_paragraph("seen").add_run(" hidden").font.hidden = True
    assert outline(read(save(document, tmp_path / "x.docx"))) == [("paragraph", 1, "seen")]


def test_docx_merged_cells_keep_the_meaning_of_their_rows(tmp_path):
    document = docx.Document()
    table = document.add_table(3, 3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Place"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Lyon"
    for row, column, text in ((0, 2, "Rate"), (1, 1, "East"), (2, 1, "West"), (2, 2, "12")):
        table.cell(row, column).text = text
    (block,) = read(save(document, tmp_path / "x.docx")).blocks
    assert block.text == (
        "| Place | Place | Rate |\n|---|---|---|\n| Lyon | East |  |\n| Lyon | West | 12 |"
    )


@pytest.mark.parametrize(
    ("math", "text"),
    [
        ("<m:sSup><m:e>{x}</m:e><m:sup>{2}</m:sup></m:sSup>", "x^2"),
        ("<m:f><m:num>{a+b}</m:num><m:den>{2}</m:den></m:f>", "(a+b)/2"),
        (
            '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{k=1}</m:sub><m:sup>{n}</m:sup>'
            "<m:e>{k}</m:e></m:nary>",
            "∑_(k=1)^n k",
        ),
        ("<m:d><m:e>{x}</m:e></m:d>", "(x)"),
    ],
)
def test_docx_formulas_are_text(tmp_path, math, text):
    space = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    runs = re.sub(r"\{(.*?)\}", r"<m:r><m:t>\1</m:t></m:r>", math)
    document = docx.Document()
    document.add_paragraph("So ")._p.append(parse_xml(f"<m:oMath {space}>{runs}</m:oMath>"))
    assert outline(read(save(document, tmp_path / "x.docx"))) == [("paragraph", 1, f"So {text}")]


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


def test_pptx_margins_are_left_out_and_merged_cells_repeated(tmp_path):
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Sites"
    footer = next(
        shape
        for shape in presentation.slide_layouts[5].placeholders
        if shape.placeholder_format.type == PP_PLACEHOLDER.FOOTER
    )
    copied = copy.deepcopy(footer._element)
    slide.shapes._spTree.append(copied)
    slide.placeholders[footer.placeholder_format.idx].text_frame.text = "Confidential"
    table = slide.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    table.cell(1, 0).merge(table.cell(2, 0))
    for row, column, text in (
        (0, 0, "City"),
        (0, 1, "Rate"),
        (1, 0, "Lyon"),
        (1, 1, "1"),
        (2, 1, "2"),
    ):
        table.cell(row, column).text = text
    assert outline(read(save(presentation, tmp_path / "x.pptx"))) == [
        ("heading", 1, "Sites"),
        ("table", 1, "| City | Rate |\n|---|---|\n| Lyon | 1 |\n| Lyon | 2 |"),
    ]


def test_xlsx_units_are_kept_and_hidden_sheets_left_out(tmp_path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["Item", "a", "b", "c"], ["Price", 12.5, 13, 14]):
        sheet.append(row)
    for place, form in (("B2", "#,##0.00 €"), ("C2", "[$CHF-807] #,##0"), ("D2", "0.00")):
        sheet[place].number_format = form
    hidden = workbook.create_sheet("Secret")
    hidden["A1"] = "not seen"
    hidden.sheet_state = "hidden"
    workbook.save(tmp_path / "x.xlsx")
    parsed = read(tmp_path / "x.xlsx")
    assert parsed.blocks[-1].text.splitlines()[-1] == "| Price | 12.5 € | 13 CHF | 14 |"
    assert "not seen" not in str(parsed.blocks)


def test_xlsx_merged_cells_keep_the_meaning_of_their_rows_and_columns(tmp_path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (
        ["All our rates"],
        ["City", "2023", None],
        [None, "spring", "autumn"],
        ["Lyon", 1, 2],
        [None, 3, 4],
    ):
        sheet.append(row)
    for area in ("A1:C1", "A2:A3", "B2:C2", "A4:A5"):
        sheet.merge_cells(area)
    workbook.save(tmp_path / "x.xlsx")
    blocks = read(tmp_path / "x.xlsx").blocks
    assert [block.text for block in blocks[1:]] == [
        "All our rates",
        "| City | 2023 spring | 2023 autumn |\n|---|---|---|\n| Lyon | 1 | 2 |\n| Lyon | 3 | 4 |",
    ]


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
        ("caption", 1, "Tarifs 2024"),
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
    monkeypatch.setattr(sheets, "MOST_CELLS", 500)
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
