"""Who wrote a text, and how long that took."""

from __future__ import annotations

from ui.language import Texts
from ui.replies import Answer, Summary


def written_by(texts: Texts, made: Answer | Summary) -> str:
    seconds = texts.decimal(made["timings_ms"]["total"] / 1000)
    if made["writer"] == "model":
        return texts("answer.by_model", model=made["model"], seconds=seconds)
    return texts("answer.by_quotes", seconds=seconds)
