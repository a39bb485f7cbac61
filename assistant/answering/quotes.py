"""The answer in the documents' own words: which sentences to quote."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from assistant.answering.candidates import Candidate
from assistant.answering.evidence import Evidence
from assistant.words import content_stems

SECOND_QUOTE = 0.5
"""A second sentence is quoted when its chance is at least this share of the first's."""

NOVELTY = 0.3
"""... and at least this share of its words is new."""

MAX_LIST_ITEMS = 8


def choose_quotes(evidence: Evidence, sentences: Sequence[Candidate]) -> list[Candidate]:
    """One or two sentences, in reading order, with the list that the best one announces.

    Args:
        sentences: all of the passages' sentences in order.
    """
    if not evidence.sentences:
        return []
    (best, chance), *others = evidence.sentences
    following = _following(best, sentences)
    if best.text.endswith(":"):
        items = list(itertools.takewhile(_is_item, following))
        return [best, *items[:MAX_LIST_ITEMS]]
    if best.text.endswith("?"):  # a page of questions and answers
        return [best, *following[:1]]
    for second, second_chance in others[:1]:
        if second_chance >= SECOND_QUOTE * chance and _novelty(second, best) >= NOVELTY:
            return sorted([best, second], key=lambda one: (one.passage, one.start))
    return [best]


def _is_item(candidate: Candidate) -> bool:
    """A list item loses its bullet and a row its bars when it is made readable."""
    return candidate.quote != candidate.text or candidate.is_row


def _following(candidate: Candidate, sentences: Sequence[Candidate]) -> list[Candidate]:
    return [
        one for one in sentences if one.passage == candidate.passage and one.start > candidate.start
    ]


def _novelty(second: Candidate, first: Candidate) -> float:
    language = first.chunk.language or "en"
    words = set(content_stems(second.text, language))
    known = set(content_stems(first.text, language))
    return len(words - known) / len(words) if words else 0.0
