"""Summaries as PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus.flowables import Flowable

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

_STYLES = getSampleStyleSheet()
_NOTE = ParagraphStyle("note", parent=_STYLES["Normal"], fontSize=8, leading=10, spaceAfter=3)
_TEXT = ParagraphStyle("text", parent=_STYLES["Normal"], leading=14, spaceAfter=6)
_ITEM = ParagraphStyle("item", parent=_TEXT, leftIndent=14, bulletIndent=2)


def write_pdf(summaries: Sequence[Summary]) -> bytes:
    """One file; a table of contents where there are several. Signs that the standard fonts lack
    are shown as question marks."""
    story: list[Flowable] = []
    if len(summaries) > 1:
        story.append(Paragraph(CONTENTS[summaries[0].language], _STYLES["Heading1"]))
        for number, one in enumerate(summaries, start=1):
            link = f'<a href="#summary-{number}" color="blue">{_told(heading_of(one))}</a>'
            story.append(Paragraph(f"{number}. {link}", _TEXT))
        story.append(PageBreak())
    for number, one in enumerate(summaries, start=1):
        if number > 1:
            story.append(PageBreak())
        story += _section(one, number)
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        margin=2 * cm,
        title=heading_of(summaries[0]),
        creator="Philo",
        subject="ai_generated",
        keywords=["ai_generated", summaries[0].model, max(one.made_at for one in summaries)],
    )
    document.build(story)
    return target.getvalue()


def _section(summary: Summary, number: int) -> list[Flowable]:
    anchor = f'<a name="summary-{number}"/>'
    known = {one.marker for one in summary.citations}
    story: list[Flowable] = [
        Paragraph(anchor + _told(heading_of(summary)), _STYLES["Heading1"]),
    ]
    for piece in pieces_of(summary):
        if piece.heading:
            story.append(Paragraph(_told(piece.heading), _STYLES["Heading2"]))
        if piece.statements or piece.nothing:
            bullet = "•" if piece.bullet else None
            style = _ITEM if piece.bullet else _TEXT
            story.append(Paragraph(_piece(piece, number, known), style, bulletText=bullet))
    for line in (*summary.remarks, f"{say_origin(summary)} (ai_generated)"):
        story.append(Paragraph(f"<i>{_told(line)}</i>", _TEXT))
    story.append(Spacer(1, 8))
    story.append(Paragraph(SOURCES[summary.language], _STYLES["Heading3"]))
    for one in summary.citations:
        place, address = describe(one)
        story.append(
            Paragraph(
                f'<a name="note-{number}-{one.marker}"/>[{one.marker}] '
                f'<a href={quoteattr(address)} color="blue">{_told(place)}</a>: '
                f"“{_told(' '.join(one.quote.split()))}”",
                _NOTE,
            )
        )
    return story


def _piece(piece: Piece, number: int, known: set[int]) -> str:
    """`known`: the markers that have a note to lead to."""
    label = f"<b>{_told(piece.label)}</b>: " if piece.label else ""
    if not piece.statements:
        return f"{label}<i>{_told(piece.nothing)}</i>"
    return label + " ".join(
        _told(one.text)
        + "".join(
            f' <a href="#note-{number}-{marker}" color="blue">[{marker}]</a>'
            for marker in one.citations
            if marker in known
        )
        for one in piece.statements
    )


def _told(text: str) -> str:
    return escape(text.encode("cp1252", "replace").decode("cp1252"))
