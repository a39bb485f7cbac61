"""Summaries as Markdown with footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.summarizing.exports.layout import CONTENTS, describe, heading_of
from assistant.summarizing.rendering import say_origin
from assistant.summarizing.types import Summary

_MARK = re.compile(r" \[(\d+)\](?!\()")


def write_markdown(summaries: Sequence[Summary]) -> str:
    """One text; a table of contents where there are several."""
    parts = []
    if len(summaries) > 1:
        lines = [
            f"{number}. [{_plain(heading_of(one))}](#summary-{number})"
            for number, one in enumerate(summaries, start=1)
        ]
        parts.append(f"# {CONTENTS[summaries[0].language]}\n\n" + "\n".join(lines))
    parts += [_section(one, number) for number, one in enumerate(summaries, start=1)]
    return "\n\n".join(parts) + "\n"


def _section(summary: Summary, number: int) -> str:
    text = _MARK.sub(lambda match: f"[^{number}-{match.group(1)}]", _escape(summary.text))
    notes = [
        f"[^{number}-{one.marker}]: [{_plain(place)}](<{address}>): “{_quote(one.quote)}”"
        for one, (place, address) in ((one, describe(one)) for one in summary.citations)
    ]
    return "\n\n".join(
        [
            f'<a id="summary-{number}"></a>\n\n# {_plain(heading_of(summary))}',
            text,
            *(f"> {remark}" for remark in summary.remarks),
            f"*{say_origin(summary)}* `ai_generated: true`",
            "\n".join(notes),
        ]
    )


def _escape(text: str) -> str:
    """HTML of a document is shown, not obeyed."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _plain(text: str) -> str:
    return re.sub(r"([\\\[\]`*_<>])", r"\\\1", " ".join(text.split()))


def _quote(text: str) -> str:
    return _plain(text)
