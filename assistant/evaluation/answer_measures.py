"""How good answers are: against the expected ones, against what they cite, and in refusing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.evaluation.gold import holds, is_exact, language_of, passage_holds, token_f1
from assistant.evaluation.measures import Measure
from assistant.evaluation.question_set import SCHEME, Question
from assistant.types import Answer, Language
from assistant.words import content_stems, numbers

LEAST_SUPPORT = 0.75
"""Share of a sentence's words that must stand in what it cites."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer held against what the set says. Citations count one by one; `holding` are
    those whose span holds an expected answer in a relevant document, `sentences` those that
    are written, `supported` those that their own cited spans bear out. `passages_hold`: the
    answer was among the passages that the gate judged; None: the set names no answer."""

    question: Question
    answer: Answer | None
    refused: bool
    exact: bool
    f1: float
    contains: bool
    citations: int
    holding: int
    relevant: int
    sentences: int
    supported: int
    passages_hold: bool | None


def judge(question: Question, answer: Answer | None) -> Judged:
    """None: a question that could not be asked, which counts as refused."""
    if answer is None:
        return Judged(question, None, True, False, 0.0, False, 0, 0, 0, 0, 0, None)
    language = language_of(question.text, question.answers)
    told = " ".join(sentence.text for sentence in answer.sentences)
    quotes = {citation.marker: citation.quote for citation in answer.citations}
    headings = {
        citation.marker: " ".join([citation.title, *citation.heading])
        for citation in answer.citations
    }
    relevant = holding = 0
    for citation in answer.citations:
        uris = [citation.uri, *(place.uri for place in citation.places)]
        is_relevant = _is_relevant(uris, question)
        relevant += is_relevant
        held = holds(citation.quote, question.answers, language) if question.answers else True
        holding += is_relevant and held
    supported = sum(
        _is_supported(
            sentence.text,
            " ".join(quotes[marker] for marker in sentence.citations),
            " ".join(headings[marker] for marker in sentence.citations),
            language,
        )
        for sentence in answer.sentences
    )
    return Judged(
        question=question,
        answer=answer,
        refused=answer.refused,
        exact=not answer.refused and is_exact(told, question.answers, language),
        f1=0.0 if answer.refused else token_f1(told, question.answers, language),
        contains=not answer.refused and holds(told, question.answers, language),
        citations=len(answer.citations),
        holding=holding,
        relevant=relevant,
        sentences=len(answer.sentences),
        supported=supported,
        passages_hold=_passages_hold(question, answer, language),
    )


def measure_answers(judged: Sequence[Judged]) -> dict[str, Measure]:
    """em, f1, citation_precision, citation_recall, refusal_precision, refusal_recall, and what
    explains them.

    `em`, `f1` and `citation_recall` are over the answerable questions whose answer the set
    names: a refusal scores 0. Both kinds of precision are over what was given: citations of
    answers to answerable questions, and refusals.
    """
    answerable = np.array([one.question.answerable is True for one in judged])  # (N,)
    named = answerable & np.array([bool(one.question.answers) for one in judged])
    unanswerable = np.array([one.question.answerable is False for one in judged])
    refused = np.array([one.refused for one in judged])
    citations = np.array([one.citations for one in judged], np.float64) * answerable
    holding = np.array([one.holding for one in judged], np.float64) * answerable
    relevant = np.array([one.relevant for one in judged], np.float64) * answerable
    sentences = np.array([one.sentences for one in judged], np.float64)
    supported = np.array([one.supported for one in judged], np.float64)
    ids = tuple(one.question.id for one in judged)

    def measure(gains: np.ndarray, weights: np.ndarray) -> Measure:
        return Measure(ids, gains.astype(np.float64), weights.astype(np.float64))

    return {
        "em": measure(named & np.array([one.exact for one in judged]), named),
        "f1": measure(named * np.array([one.f1 for one in judged]), named),
        "contains_answer": measure(named & np.array([one.contains for one in judged]), named),
        "citation_precision": measure(holding, citations),
        "citation_recall": measure(answerable & (holding > 0), answerable),
        "citation_document_precision": measure(relevant, citations),
        "sentence_support": measure(supported, sentences),
        "refusal_precision": measure(refused & unanswerable, refused),
        "refusal_recall": measure(refused & unanswerable, unanswerable),
        "answered": measure(answerable & ~refused, answerable),
    }


def _is_relevant(uris: Sequence[str], question: Question) -> bool:
    """Where the set does not say which documents are relevant, each may be."""
    return not question.grades or any(uri.removeprefix(SCHEME) in question.grades for uri in uris)


def _is_supported(sentence: str, cited: str, headings: str, language: Language) -> bool:
    """Nearly all words and every number of it stand in what it cites; titles and headings
    count."""
    told = f"{cited} {headings}"
    words = set(content_stems(sentence, language))
    if not cited.strip():
        return False
    known = set().union(*numbers(told))
    if any(not readings & known for readings in numbers(sentence)):
        return False
    return len(words & set(content_stems(told, language))) >= LEAST_SUPPORT * len(words)


def _passages_hold(question: Question, answer: Answer, language: Language) -> bool | None:
    if question.answerable is False:
        return False
    if not question.answers:
        return None
    return any(
        _is_relevant([one.uri, *(place.uri for place in one.places)], question)
        and passage_holds(one.text, question.answers, language)
        for one in answer.passages
    )
