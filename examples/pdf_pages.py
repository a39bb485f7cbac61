"""PDF pages of the handbook (one column) and of the papers (two columns)."""

from __future__ import annotations

import io
import re
from html import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import Color, HexColor, black
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    FrameBreak,
    KeepTogether,
    ListFlowable,
    ListItem,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)
from source_text import COMPANY, Block

DARK, PALE = HexColor(0x1F3A5F), HexColor(0xE8EEF5)
MARGIN = 20 * mm
KEPT_SPACE = re.compile(r"(?<=\d) (?=\S{1,3}\b)|(?<=\d h) (?=\d)| (?=[%€:;?!»])|(?<=«) ")


def write_handbook_pdf(blocks: list[Block]) -> bytes:
    frame = Frame(MARGIN, MARGIN, A4[0] - 2 * MARGIN, A4[1] - 42 * mm, 0, 0, 0, 0)
    styles = pdf_styles("Helvetica", 10, DARK)
    flow = [item for block in blocks for item in set_block(block, styles, frame.width)]
    page = PageTemplate("page", [frame])
    return print_pdf(blocks, flow, [page], running=f"{COMPANY} · {blocks[0].text}")


def write_paper(blocks: list[Block]) -> bytes:
    """Two columns below a full-width title, authors and abstract."""
    gap = 7 * mm
    width, height = A4[0] - 2 * MARGIN, A4[1] - 42 * mm
    styles = pdf_styles("Times", 10.5, black)
    sections = [number for number, block in enumerate(blocks) if block.kind == "heading"]
    opening = [blocks[0], *blocks[2 : sections[1]]]  # without the note: it is the page header
    head = [item for block in opening for item in set_block(block, styles, width)]
    head_height = sum(item.wrap(width, height)[1] + item.getSpaceAfter() for item in head) + 24
    column = (width - gap) / 2

    def columns(tall: float) -> list[Frame]:
        starts = (MARGIN, MARGIN + column + gap)
        return [Frame(start, MARGIN, column, tall, 0, 0, 0, 0) for start in starts]

    title = Frame(MARGIN, MARGIN + height - head_height, width, head_height, 0, 0, 0, 0)
    first = PageTemplate("first", [title, *columns(height - head_height)])
    later = PageTemplate("later", columns(height))
    body = [item for block in blocks[sections[1] :] for item in set_block(block, styles, column)]
    flow = [NextPageTemplate("later"), *head, FrameBreak(), *body]
    return print_pdf(blocks, flow, [first, later], running=blocks[1].text)


def print_pdf(
    blocks: list[Block], flow: list[Flowable], pages: list[PageTemplate], *, running: str
) -> bytes:
    """Lay `flow` out on `pages`, with a running header and a page number."""

    def decorate(canvas: Canvas, document: BaseDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(HexColor(0x555555))
        canvas.drawString(MARGIN, A4[1] - 13 * mm, running)
        canvas.drawCentredString(A4[0] / 2, 11 * mm, str(document.page))

    out = io.BytesIO()
    document = BaseDocTemplate(out, pagesize=A4, title=blocks[0].text, author=COMPANY, invariant=1)
    for page in pages:
        page.onPage = decorate
    document.addPageTemplates(pages)
    document.build(flow)
    return out.getvalue()


def pdf_styles(family: str, size: float, ink: Color) -> dict[str, ParagraphStyle]:
    """Styles by kind of block, in the PDF standard fonts, whose encoding holds é, œ and €."""
    plain, bold, slanted = {
        "Helvetica": ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique"),
        "Times": ("Times-Roman", "Times-Bold", "Times-Italic"),
    }[family]

    def style(font: str, points: float, **options: object) -> ParagraphStyle:
        leading = points * 1.28
        options |= {"fontName": font, "fontSize": points, "leading": leading}
        return ParagraphStyle(font, allowWidows=0, allowOrphans=0, **options)

    return {
        "title": style(bold, size + 7, textColor=ink, spaceAfter=8),
        "heading": style(bold, size + 2, textColor=ink, spaceBefore=9, spaceAfter=4),
        "subheading": style(bold, size, textColor=ink, spaceBefore=5, spaceAfter=3),
        "note": style(slanted, size - 1, spaceAfter=8),
        "caption": style(slanted, size - 1, spaceBefore=2, spaceAfter=9),
        "paragraph": style(plain, size, spaceAfter=6, alignment=4 if family == "Times" else 0),
        "reference": style(plain, size - 1, leftIndent=14, firstLineIndent=-14, spaceAfter=3),
        "cell": style(plain, size - 1),
        "header": style(bold, size - 1),
    }


def set_block(block: Block, styles: dict[str, ParagraphStyle], width: float) -> list[Flowable]:
    if block.kind == "table":
        return [set_table(block.rows, styles, width), Spacer(1, 6)]
    if block.kind == "chart":
        return [draw_chart(block.rows, styles["cell"].fontName, width)]
    if block.kind in ("bullets", "numbers"):
        bullet = {"bulletType": "bullet", "start": "•"} if block.kind == "bullets" else {}
        items = [ListItem(Paragraph(typeset(text), styles["paragraph"])) for (text,) in block.rows]
        return [ListFlowable(items, leftIndent=14, bulletFontSize=9, **bullet)]
    kind = "subheading" if block.level > 2 else block.kind
    kind = "reference" if block.text.startswith("[") else kind
    room = [CondPageBreak(50)] if block.kind == "heading" else []
    return [*room, Paragraph(typeset(block.text), styles[kind])]


def typeset(text: str) -> str:
    """Markup in which a line never breaks before a unit or French punctuation."""
    return escape(KEPT_SPACE.sub("\xa0", text))


def set_table(rows: list[list[str]], styles: dict[str, ParagraphStyle], width: float) -> Flowable:
    cells = [
        [Paragraph(typeset(text), styles["cell" if number else "header"]) for text in row]
        for number, row in enumerate(rows)
    ]
    lengths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    words = [len(max(" ".join(column).split(), key=len)) for column in zip(*rows, strict=True)]
    shares = [min(max(length, word + 4), 40) for length, word in zip(lengths, words, strict=True)]
    rules = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(0x999999)),
        ("BACKGROUND", (0, 0), (-1, 0), PALE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
    columns = [width * share / sum(shares) for share in shares]
    return KeepTogether(Table(cells, colWidths=columns, style=rules, repeatRows=1))


def draw_chart(rows: list[list[str]], font: str, width: float) -> Drawing:
    (across, up), *points = rows
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 28, 34, width - 34, 92
    chart.data = [[float(value) for _, value in points]]
    chart.categoryAxis.categoryNames = [label for label, _ in points]
    chart.categoryAxis.labels.fontName = chart.valueAxis.labels.fontName = font
    chart.valueAxis.labels.fontSize = chart.categoryAxis.labels.fontSize = 8
    chart.valueAxis.valueMin = 0
    chart.bars[0].fillColor = DARK
    drawing = Drawing(width, 146)
    drawing.add(chart)
    drawing.add(String(0, 136, up, fontName=font, fontSize=8))
    drawing.add(String(width / 2, 6, across, fontName=font, fontSize=8, textAnchor="middle"))
    return drawing
