"""Answers held against a set, of answers made by hand."""

import pytest

from assistant.evaluation.answer_measures import judge, measure_answers
from assistant.evaluation.calibration import measure_reliability
from assistant.evaluation.question_set import Question
from assistant.types import Answer, Citation, Passage, Sentence, Timings

QUOTE = "Every employee in Dublin has 26 days of annual leave."


def question(key: str = "q", *answers: str, answerable: bool = True) -> Question:
    grades = {"leave": 1} if answerable else {}
    return Question(key, "How many days of annual leave?", grades, answers, answerable)


def passage(text: str, document: str) -> Passage:
    return Passage(
        rank=1,
        score=1.0,
        chunk_id="c",
        document_id=document,
        uri=f"corpus:{document}",
        title="",
        page=1,
        pages=1,
        heading=[],
        start=0,
        end=len(text),
        text=text,
    )


def answer(
    *sentences: str, quotes: tuple[tuple[str, str], ...] = (), evidence: float = 0.9
) -> Answer:
    """`quotes`: (text, document), all cited by the first sentence. None: a refusal."""
    citations = [
        Citation(
            marker=marker,
            document_id=document,
            title="",
            uri=f"corpus:{document}",
            page=1,
            pages=1,
            heading=[],
            start=0,
            end=len(quote),
            quote=quote,
            boxes=[],
        )
        for marker, (quote, document) in enumerate(quotes, start=1)
    ]
    written = [
        Sentence(
            text=text,
            supported=True,
            citations=[one.marker for one in citations] if number == 0 else [],
        )
        for number, text in enumerate(sentences)
    ]
    return Answer(
        question="",
        answer="",
        refused=not sentences,
        evidence=evidence,
        model="none",
        writer="quotes",
        language="en",
        citations=citations,
        sentences=written,
        passages=[passage(quote, document) for quote, document in quotes],
        timings_ms=Timings(retrieve=1, first_token=1, total=1),
    )


def figures(*judged):
    return {name: one.value for name, one in measure_answers(judged).items()}


def test_a_cited_right_answer_is_right_in_everything():
    given = answer("26 days.", quotes=((QUOTE, "leave"),))
    found = figures(judge(question("q", "26 days"), given))
    refusals = {"refusal_precision": None, "refusal_recall": None}
    assert found == dict.fromkeys(found, 1.0) | refusals


def test_a_citation_of_the_wrong_document_or_span_is_not_precise():
    given = answer(
        "It is 26 days.",
        quotes=((QUOTE, "leave"), (QUOTE, "other"), ("In Dublin it rains.", "leave")),
    )
    found = figures(judge(question("q", "26 days"), given))
    assert found["citation_precision"] == pytest.approx(1 / 3)
    assert found["citation_document_precision"] == pytest.approx(2 / 3)
    assert found["citation_recall"] == 1.0


def test_a_number_that_the_cited_span_does_not_hold_is_not_supported():
    given = answer("Employees in Dublin have 28 days of annual leave.", quotes=((QUOTE, "leave"),))
    found = figures(judge(question("q", "28 days"), given))
    assert found["contains_answer"] == 1.0
    assert found["sentence_support"] == 0.0
    assert found["citation_precision"] == 0.0


def test_a_sentence_without_citation_is_not_supported():
    given = answer(QUOTE, "It is so.", quotes=((QUOTE, "leave"),))
    assert figures(judge(question("q", "26 days"), given))["sentence_support"] == 0.5


def test_refusals_count_on_both_sides():
    refusal = answer(evidence=0.1)
    found = figures(
        judge(question("a", "26 days"), refusal),
        judge(question("b", answerable=False), refusal),
        judge(question("c", answerable=False), answer("No.", quotes=((QUOTE, "leave"),))),
        judge(question("d", "26 days"), None),
    )
    assert found["refusal_precision"] == pytest.approx(1 / 3)
    assert found["refusal_recall"] == 0.5
    assert found["answered"] == found["em"] == found["f1"] == found["citation_recall"] == 0.0
    assert found["citation_precision"] is None


def test_reliability_holds_the_gate_to_what_its_passages_hold():
    right = judge(question("a", "26 days"), answer("x", quotes=((QUOTE, "leave"),), evidence=1.0))
    near_miss = judge(
        question("b", "26 days"), answer("x", quotes=((QUOTE, "other"),), evidence=0.6)
    )
    nothing = judge(question("c", answerable=False), answer(evidence=0.2))
    found = measure_reliability([right, near_miss, nothing])
    assert [(one.count, one.predicted, one.observed) for one in found.bins] == [
        (1, 0.2, 0.0),
        (1, 0.6, 0.0),
        (1, 1.0, 1.0),
    ]
    assert found.error == pytest.approx(0.8 / 3)
    assert found.brier == pytest.approx((0.04 + 0.36) / 3)
    assert measure_reliability([judge(question("d"), answer("x"))]) is None
