"""Asking every question of a set, by the ways that everybody's questions go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.assistant import Assistant
from assistant.errors import QuestionError
from assistant.evaluation.question_set import SCHEME, Question
from assistant.types import OPERATOR, Answer, Passage

DEPTH = 100
"""Documents ranked for a question."""

MOST_PASSAGES = 6_400
"""Looked through to reach so many documents."""

Tick = Callable[[int], None]
"""Told how many questions are done."""


@dataclass(frozen=True, slots=True)
class Rankings:
    """id of a question -> ids of at most `DEPTH` documents, best first. `refused` are questions
    that could not be asked, like those that are too long."""

    documents: dict[str, list[str]]
    refused: tuple[str, ...]


def rank_all(assistant: Assistant, questions: Sequence[Question], *, tick: Tick) -> Rankings:
    rankings: dict[str, list[str]] = {}
    refused: list[str] = []
    for number, question in enumerate(questions, start=1):
        try:
            rankings[question.id] = rank_documents(assistant, question.text)
        except QuestionError:
            rankings[question.id] = []
            refused.append(question.id)
        tick(number)
    return Rankings(rankings, tuple(refused))


def rank_documents(assistant: Assistant, question: str) -> list[str]:
    """A document counts once, where its best chunk stands.

    The first `DEPTH` passages are those that `philo search` shows. Where they come from fewer
    documents, a deeper search adds further documents behind them.
    """
    ranking: dict[str, None] = {}
    k = DEPTH
    while True:
        passages = assistant.search(question, k=k, readable=OPERATOR)
        for passage in passages:
            ranking |= dict.fromkeys(document_ids(passage))
        if len(ranking) >= DEPTH or len(passages) < k or k >= MOST_PASSAGES:
            return [*ranking][:DEPTH]
        k *= 4


def document_ids(passage: Passage) -> list[str]:
    """The set's ids of all documents that hold the passage."""
    places = [passage.uri, *(place.uri for place in passage.places)]
    return [uri.removeprefix(SCHEME) for uri in places]


def ask_all(
    assistant: Assistant, questions: Sequence[Question], *, tick: Tick
) -> list[Answer | None]:
    """One answer for each question; None where it cannot be asked.

    Raises:
        ModelError: the generator failed.
    """
    answers: list[Answer | None] = []
    for number, question in enumerate(questions, start=1):
        try:
            answers.append(assistant.answer(question.text, readable=OPERATOR))
        except QuestionError:
            answers.append(None)
        tick(number)
    return answers
