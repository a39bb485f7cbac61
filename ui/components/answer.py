"""An answer: sentences with marks, who wrote them, and the citations below."""

from __future__ import annotations

from collections.abc import Sequence

from ui.components.citations import citation_card, flag_marks, passage_card
from ui.components.marks import citation_marks
from ui.components.markup import Markup, element, join, unbroken
from ui.components.writer import written_by
from ui.language import Texts
from ui.replies import Answer, Sentence

NEAREST_SHOWN = 3


def question_text(question: str) -> Markup:
    return element("p", question, class_="philo-question", dir="auto")


def growing_answer(texts: Texts, sentences: Sequence[Sentence], *, scope: str) -> Markup:
    """What is written so far; screen readers read each new sentence."""
    writing = element("span", texts("ask.writing"), class_="philo-writing")
    text = _paragraph(texts, sentences, scope=scope)
    return element("div", text, writing, class_="philo-growing", aria_live="polite")


def finished_answer(texts: Texts, answer: Answer, *, scope: str) -> Markup:
    """The answer with its citations, or the refusal with what is nearest."""
    if answer["refused"]:
        return _refusal(texts, answer)
    cards = [
        citation_card(texts, citation, answer["passages"], scope=scope)
        for citation in answer["citations"]
    ]
    return element(
        "div",
        _paragraph(texts, answer["sentences"], scope=scope, language=answer["language"]),
        flag_marks(texts, answer["flags"]),
        element("p", written_by(texts, answer), class_="philo-writer"),
        _section(texts.count("answer.sources", len(cards)), cards) if cards else "",
        class_="philo-answer",
    )


def _paragraph(
    texts: Texts, sentences: Sequence[Sentence], *, scope: str, language: str | None = None
) -> Markup:
    pieces = [_sentence(texts, sentence, scope=scope) for sentence in sentences]
    return element("p", *pieces, class_="philo-text", lang=language, dir="auto")


def _sentence(texts: Texts, sentence: Sentence, *, scope: str) -> Markup:
    text = unbroken(sentence["text"])
    if doubt := sentence["doubt"]:
        warning = element(
            "span",
            texts("answer.unsupported"),
            class_="philo-flag",
            title=doubt[texts.language],
        )
        return join(element("span", text, class_="philo-unsupported"), warning, " ")
    marks = citation_marks(texts, sentence["citations"], scope=scope)
    if sentence["translated"]:
        note = element(
            "span",
            texts("answer.translated"),
            class_="philo-flag",
            title=texts("answer.translated_hint"),
        )
        return join(text, *marks, note, " ")
    return join(text, *marks, " ")


def _refusal(texts: Texts, answer: Answer) -> Markup:
    near = [passage_card(texts, passage) for passage in answer["passages"][:NEAREST_SHOWN]]
    return element(
        "div",
        element(
            "div",
            element("strong", answer["answer"], lang=answer["language"]),
            element("span", texts("answer.refused_hint")),
            class_="philo-notice philo-refusal",
            role="status",
        ),
        _section(texts("answer.nearest"), near) if near else "",
        class_="philo-answer",
    )


def _section(title: str, cards: Sequence[Markup]) -> Markup:
    return element("section", element("h3", title, class_="philo-label"), *cards)
