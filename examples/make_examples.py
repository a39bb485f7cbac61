"""Make the DOCX, PDF, PPTX and XLSX examples from their texts in `sources/`.

`sources/handbook/travel-and-expenses.docx.md` becomes `handbook/travel-and-expenses.docx`: the
name says the format, and the folder the layout (`papers/` is set in two columns). The same
library versions give the same bytes, because every date and identifier is fixed.

Usage: python examples/make_examples.py [FOLDER]     (default: the folder of this script)
"""

from __future__ import annotations

import io
import os
import re
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import docx
import pptx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm
from docx.text.run import Run
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from pdf_pages import write_handbook_pdf, write_paper
from pptx.util import Inches, Pt
from source_text import COMPANY, Block, read_source

HERE = Path(__file__).resolve().parent
MADE_ON = datetime(2026, 2, 2, 9, 0, 0)
os.environ["SOURCE_DATE_EPOCH"] = str(int(MADE_ON.replace(tzinfo=UTC).timestamp()))
"""Read by ReportLab."""


def make_examples(folder: Path) -> list[Path]:
    """Write every binary example below `folder` and return the paths."""
    made = []
    for source in sorted((HERE / "sources").rglob("*.md")):
        layout = source.parent.name
        target = folder / layout / source.stem
        target.parent.mkdir(parents=True, exist_ok=True)
        write = write_paper if layout == "papers" else WRITERS[target.suffix]
        target.write_bytes(write(read_source(source)))
        made.append(target)
    return made


def fix_archive(data: bytes) -> bytes:
    """The same Office file without the time at which it was written."""
    fixed = io.BytesIO()
    stamp = MADE_ON.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(fixed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:\w+ [^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            new.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return fixed.getvalue()


def write_docx(blocks: list[Block]) -> bytes:
    document = docx.Document()
    document.core_properties.title = blocks[0].text
    document.core_properties.author = COMPANY
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.header.paragraphs[0].text = f"{COMPANY} · {blocks[0].text}"
    add_page_number(section.footer.paragraphs[0].add_run())
    for block in blocks:
        if block.kind in ("title", "heading"):
            document.add_heading(block.text, level=block.level - 1)
        elif block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), "Light Grid Accent 1")
            for cells, texts in zip(table.rows, block.rows, strict=True):
                for cell, text in zip(cells.cells, texts, strict=True):
                    cell.text = text
            document.add_paragraph()
        elif block.kind in ("bullets", "numbers"):
            style = "List Bullet" if block.kind == "bullets" else "List Number"
            for (item,) in block.rows:
                document.add_paragraph(item, style)
        else:
            document.add_paragraph().add_run(block.text).italic = block.kind == "note"
    out = io.BytesIO()
    document.save(out)
    return fix_archive(out.getvalue())


def add_page_number(run: Run) -> None:
    # python-docx has no call for fields, so the PAGE field is put together from its XML.
    for tag, name, value in (
        ("w:fldChar", "w:fldCharType", "begin"),
        ("w:instrText", "xml:space", "preserve"),
        ("w:fldChar", "w:fldCharType", "end"),
    ):
        element = OxmlElement(tag)
        element.set(qn(name), value)
        if tag == "w:instrText":
            element.text = "PAGE"
        run._r.append(element)


def write_pptx(blocks: list[Block]) -> bytes:
    show = pptx.Presentation()
    show.core_properties.title, show.core_properties.author = blocks[0].text, COMPANY
    slide = show.slides.add_slide(show.slide_layouts[0])
    slide.shapes.title.text = blocks[0].text
    slide.placeholders[1].text = blocks[1].text
    top = Inches(1.7)
    for block in blocks[2:]:
        if block.kind == "heading":
            slide = show.slides.add_slide(show.slide_layouts[5])
            slide.shapes.title.text = block.text
            top = Inches(1.7)
        elif block.kind == "table":
            height = Inches(0.45 * len(block.rows))
            size = len(block.rows), len(block.rows[0])
            frame = slide.shapes.add_table(*size, Inches(0.6), top, Inches(8.8), height)
            for cells, texts in zip(frame.table.rows, block.rows, strict=True):
                for cell, text in zip(cells.cells, texts, strict=True):
                    cell.text = text
                    cell.text_frame.paragraphs[0].font.size = Pt(16)
            top += height + Inches(0.4)
        else:
            box = slide.shapes.add_textbox(Inches(0.6), top, Inches(8.8), Inches(1))
            box.text_frame.word_wrap = True
            box.text_frame.text = "\n".join(f"• {item}" for (item,) in block.rows)
            for paragraph in box.text_frame.paragraphs:
                paragraph.font.size, paragraph.space_after = Pt(20), Pt(10)
    out = io.BytesIO()
    show.save(out)
    return fix_archive(out.getvalue())


def write_xlsx(blocks: list[Block]) -> bytes:
    book = Workbook()
    book.properties.title, book.properties.creator = blocks[0].text, COMPANY
    sheet = book.active
    sheet.title = "About"
    for block in blocks:
        if block.kind == "heading":
            sheet = book.create_sheet(block.text)
        if block.kind == "table":
            sheet.append([])
            for row in block.rows:
                sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
                for cell in sheet[sheet.max_row] if row is block.rows[0] else ():
                    cell.font = Font(bold=True, color="FFFFFF")
                    cell.fill = PatternFill("solid", fgColor="1F3A5F")
                    cell.alignment = Alignment(wrap_text=True, vertical="top")
            for number, column in enumerate(zip(*block.rows, strict=True), start=1):
                width = min(46, 3 + max(len(cell) for cell in column))
                sheet.column_dimensions[get_column_letter(number)].width = width
        else:
            sheet.append([block.text])
            size = {"title": 16, "heading": 14}.get(block.kind, 11)
            sheet.cell(sheet.max_row, 1).font = Font(size=size, bold=size > 11)
    out = io.BytesIO()
    book.save(out)
    return fix_archive(out.getvalue())


WRITERS: dict[str, Callable[[list[Block]], bytes]] = {
    ".docx": write_docx,
    ".pdf": write_handbook_pdf,
    ".pptx": write_pptx,
    ".xlsx": write_xlsx,
}

if __name__ == "__main__":
    for path in make_examples(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE):
        print(path)
