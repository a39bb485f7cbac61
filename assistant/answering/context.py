"""Which passages the generator sees: the best evidence first, within its budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.answering.evidence import Evidence
from assistant.answering.prompts import build_prompt
from assistant.retrieval.query import Query
from assistant.settings import Settings
from assistant.types import Passage

if TYPE_CHECKING:
    from assistant.models.generators.base import Generator


def fit_passages(
    query: Query,
    passages: Sequence[Passage],
    evidence: Evidence,
    generator: Generator,
    settings: Settings,
) -> list[Passage]:
    """The passages with the best sentences, as many as fit, best first.

    The budget is `answering.context_tokens` or what the model's context leaves beside the
    answer, whichever is less. The best passage is always among them; the generator refuses a
    prompt that is too long even so.
    """
    room = generator.context_tokens - settings.models.max_new_tokens
    budget = min(settings.answering.context_tokens, room)
    order = dict.fromkeys(candidate.passage for candidate, _ in evidence.sentences)
    chosen: list[Passage] = []
    for index in order:
        attempt = [*chosen, passages[index]]
        if chosen and generator.count_tokens(build_prompt(query, attempt)) > budget:
            break
        chosen = attempt
    return chosen
