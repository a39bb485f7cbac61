"""Summaries as Markdown with footnotes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from assistant.summarizing.exports.layout import CONTENTS, describe, heading_of
from assistant.summarizing.rendering import say_origin
from assistant.summarizing.types import Summary

_MARK = re.compile(r" \[(\d+)\](?!\()")


def write_markdown(summaries: Sequence[Summary]) -> str:
    """One text; a table of contents where there are several."""
    parts = [_front_matter(summaries)]
    if len(summaries) > 1:
        lines = [
            f"{number}. [{_plain(heading_of(one))}](#summary-{number})"
            for number, one in enumerate(summaries, start=1)
        ]
        parts.append(f"# {CONTENTS[summaries[0].language]}\n\n" + "\n".join(lines))
    parts += [_section(one, number) for number, one in enumerate(summaries, start=1)]
    return "\n\n".join(parts) + "\n"


def _front_matter(summaries: Sequence[Summary]) -> str:
    """What programs read: that it was written by one, by which, and when. JSON is YAML."""
    models = sorted({one.model for one in summaries})
    told = {
        "ai_generated": True,
        "model": models[0] if len(models) == 1 else models,
        "made_at": max(one.made_at for one in summaries),
        "generator": "Philo",
    }
    lines = [f"{key}: {json.dumps(value)}" for key, value in told.items()]
    return "\n".join(["---", *lines, "---"])


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
    """HTML and images of a document are shown as text: nothing is fetched from elsewhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("![", "!\\[")


def _plain(text: str) -> str:
    return re.sub(r"([\\\[\]`*_<>])", r"\\\1", " ".join(text.split()))


def _quote(text: str) -> str:
    return _plain(text)
