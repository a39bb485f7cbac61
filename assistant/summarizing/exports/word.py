"""Summaries as DOCX; notes stand at the end and are linked from where they are cited."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from assistant.summarizing.exports.layout import (
    CONTENTS,
    SOURCES,
    Piece,
    describe,
    heading_of,
    pieces_of,
)
from assistant.summarizing.rendering import say_origin
from assistant.summarizing.types import Summary

_NOT_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_docx(summaries: Sequence[Summary]) -> bytes:
    """One file; a table of contents where there are several."""
    document = Document()
    document.core_properties.title = _told(heading_of(summaries[0]))[:250]
    document.core_properties.author = "Philo"
    made_at = max(one.made_at for one in summaries)
    model = _told(summaries[0].model)[:100]
    document.core_properties.keywords = f"ai_generated, {model}, {_told(made_at)[:40]}"
    document.core_properties.comments = (
        f"ai_generated: true; model: {model}; made_at: {_told(made_at)[:40]}"
    )
    if len(summaries) > 1:
        document.add_heading(CONTENTS[summaries[0].language], 1)
        for number, one in enumerate(summaries, start=1):
            paragraph = document.add_paragraph(f"{number}. ")
            _link(paragraph, _told(heading_of(one)), anchor=f"summary-{number}")
    for number, one in enumerate(summaries, start=1):
        if number > 1 or len(summaries) > 1:
            document.add_page_break()
        _section(document, one, number)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _section(document: Any, summary: Summary, number: int) -> None:
    _bookmark(document.add_heading(_told(heading_of(summary)), 1), f"summary-{number}")
    for piece in pieces_of(summary):
        if piece.heading:
            document.add_heading(_told(piece.heading), 2)
        if piece.statements or piece.nothing:
            _piece(document, piece, number)
    for line in (*summary.remarks, f"{say_origin(summary)} (ai_generated)"):
        document.add_paragraph().add_run(_told(line)).italic = True
    document.add_heading(SOURCES[summary.language], 3)
    for one in summary.citations:
        place, address = describe(one)
        paragraph = document.add_paragraph()
        _bookmark(paragraph, f"note-{number}-{one.marker}")
        paragraph.add_run(f"[{one.marker}] ")
        _link(paragraph, _told(place), address=_told(address))
        paragraph.add_run(f": “{_told(' '.join(one.quote.split()))}”")


def _piece(document: Any, piece: Piece, number: int) -> None:
    paragraph = document.add_paragraph(style="List Bullet" if piece.bullet else None)
    if piece.label:
        paragraph.add_run(f"{_told(piece.label)}: ").bold = True
    if not piece.statements:
        paragraph.add_run(_told(piece.nothing)).italic = True
    for one in piece.statements:
        paragraph.add_run(f"{_told(one.text)} ")
        for marker in one.citations:
            _link(paragraph, f"[{marker}]", anchor=f"note-{number}-{marker}")
            paragraph.add_run(" ")


def _link(paragraph: Any, text: str, *, address: str = "", anchor: str = "") -> None:
    link = OxmlElement("w:hyperlink")
    if anchor:
        link.set(qn("w:anchor"), anchor)
    else:
        key = paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        link.set(qn("r:id"), key)
    run = paragraph.add_run(text)
    link.append(run._r)
    paragraph._p.append(link)


def _bookmark(paragraph: Any, name: str) -> None:
    for kind in ("start", "end"):
        mark = OxmlElement(f"w:bookmark{kind.capitalize()}")
        mark.set(qn("w:id"), str(abs(hash(name)) % 10**8))
        if kind == "start":
            mark.set(qn("w:name"), name)
        paragraph._p.append(mark)


def _told(text: str) -> str:
    """Without signs that XML forbids."""
    return _NOT_XML.sub("", text)
