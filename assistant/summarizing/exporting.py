"""Summaries as files: Markdown, DOCX and PDF, with citations as footnotes and links."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.summarizing.types import ExportFormat, Summary

MEDIA_TYPES: dict[ExportFormat, str] = {
    "md": "text/markdown; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


def export(summaries: Sequence[Summary], form: ExportFormat) -> bytes:
    """One file of all; with a table of contents where there are several."""
    if form == "md":
        from assistant.summarizing.exports.markdown import write_markdown

        return write_markdown(summaries).encode()
    if form == "docx":
        from assistant.summarizing.exports.word import write_docx

        return write_docx(summaries)
    from assistant.summarizing.exports.pdf import write_pdf

    return write_pdf(summaries)
