"""Raised digits: exponents stay apart from their base, whatever the format."""

import docx
from reportlab.pdfgen.canvas import Canvas

from ingestion.parsers.base import parse_file

PIECES = [
    ("It took 2.3 · 10", "20"),
    (" operations over 40 m", "2"),
    (" with x", "-1"),
    (", as the survey", "3"),
    (" says. The 1", "er"),
    (" came.", ""),
]
TEXT = "It took 2.3 · 10²⁰ operations over 40 m² with x⁻¹, as the survey3 says. The 1er came."


def parse(path):
    return parse_file(path, max_pages=9, max_file_bytes=10**7).blocks[0].text


def test_pdf(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"))
    x = 60.0
    for text, raised in PIECES:
        for part, size, rise in ((text, 10, 0), (raised, 7, 4)):
            canvas.setFont("Helvetica", size)
            canvas.drawString(x, 700 + rise, part)
            x += canvas.stringWidth(part, "Helvetica", size)
    canvas.save()
    assert parse(tmp_path / "a.pdf") == TEXT


def test_docx(tmp_path):
    document = docx.Document()
    paragraph = document.add_paragraph()
    for text, raised in PIECES:
        paragraph.add_run(text)
        paragraph.add_run(raised).font.superscript = True
    document.save(tmp_path / "a.docx")
    assert parse(tmp_path / "a.docx") == TEXT


def test_html(tmp_path):
    body = "".join(f"{text}<sup>{raised}</sup>" for text, raised in PIECES)
    page = f"<html><body><p>{body}</p><table><tr><td>a</td><td>10<sup>6</sup></td></tr></table>"
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    assert parse(tmp_path / "a.html") == TEXT
    parsed = parse_file(tmp_path / "a.html", max_pages=9, max_file_bytes=10**7)
    assert "10⁶" in parsed.blocks[1].text
