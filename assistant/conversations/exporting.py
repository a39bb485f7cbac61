"""Conversations as files: each answer in the way that summaries are exported."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.conversations.types import Exchange
from assistant.summarizing.types import Statement, Summary, SummaryTimings

_SIGNS = re.compile(r"([\\`*_\[\]!#|])")
DOUBTED = "(?)"


def to_summaries(exchanges: Sequence[Exchange]) -> list[Summary]:
    """One for each exchange with an answer, named by its question."""
    return [_to_summary(one) for one in exchanges if one.answer is not None]


def _to_summary(exchange: Exchange) -> Summary:
    answer = exchange.answer
    assert answer is not None  # noqa: S101 - for the type checker
    statements = [
        Statement(
            text=one.text if one.doubt is None else f"{one.text} {DOUBTED}",
            citations=one.citations,
        )
        for one in answer.sentences
    ] or [Statement(text=answer.answer, citations=[])]
    return Summary(
        form="abstract",
        language=answer.language,
        document_ids=sorted({one.document_id for one in answer.citations}),
        titles=[exchange.question],
        # Signs of Markdown that a document holds are shown, not obeyed.
        text=" ".join(
            _SIGNS.sub(r"\\\1", one.text) + "".join(f" [{marker}]" for marker in one.citations)
            for one in statements
        ),
        statements=statements,
        citations=answer.citations,
        missing=[],
        pairings=[],
        remarks=[],
        model=answer.model or "Philo",
        writer="quotes" if answer.writer == "quotes" else "model",
        made_at=exchange.asked_at,
        timings_ms=SummaryTimings(
            first_statement=answer.timings_ms.first_token, total=answer.timings_ms.total
        ),
    )
