"""A summary: statements with marks, who wrote them, and the citations below."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ui.components.citations import citation_card
from ui.components.marks import citation_marks
from ui.components.markup import Markup, element, join, unbroken
from ui.components.writer import written_by
from ui.language import Texts
from ui.replies import Statement, Summary

SCOPE = "summary"


def growing_summary(texts: Texts, statements: Sequence[Statement]) -> Markup:
    """What is written so far; screen readers read each new statement."""
    items = _items(texts, statements)
    return element("div", items, class_="philo-growing", aria_live="polite")


def finished_summary(texts: Texts, summary: Summary) -> Markup:
    """By form: running text, points, fields, or a table; then remarks, origin and sources."""
    cards = [citation_card(texts, one, (), scope=SCOPE) for one in summary["citations"]]
    title = texts.count("answer.sources", len(cards))
    return element(
        "div",
        element("h2", " / ".join(summary["titles"]), class_="philo-summary-title"),
        _body(texts, summary),
        *(element("p", one, class_="philo-hint") for one in summary["remarks"]),
        element("p", written_by(texts, summary), class_="philo-writer"),
        element("section", element("h3", title, class_="philo-label"), *cards),
        class_="philo-answer",
    )


def _body(texts: Texts, summary: Summary) -> Markup:
    told = summary["statements"]
    match summary["form"]:
        case "points":
            return _items(texts, told)
        case "paper":
            return _fields(texts, told)
        case "compare":
            return join(_table(texts, summary), _pairings(texts, summary))
        case _:
            return element("p", *(_statement(texts, one) for one in told), dir="auto")


def _items(texts: Texts, told: Sequence[Statement]) -> Markup:
    items = (element("li", _statement(texts, one), dir="auto") for one in told)
    return element("ul", *items, class_="philo-points")


def _fields(texts: Texts, told: Sequence[Statement]) -> Markup:
    found = {key: list(group) for key, group in groupby(told, key=lambda one: one["field"])}
    parts = []
    for field, name in _field_names(texts).items():
        parts += [element("dt", name), element("dd", _cell(texts, found.get(field, [])))]
    return element("dl", *parts, class_="philo-fields")


def _table(texts: Texts, summary: Summary) -> Markup:
    head = [element("th", title, scope="col") for title in summary["titles"]]
    rows = [element("tr", element("th", "", scope="col"), *head)]
    for field, name in _field_names(texts).items():
        cells = [
            element("td", _cell(texts, _told(summary, field, key)), dir="auto")
            for key in summary["document_ids"]
        ]
        rows.append(element("tr", element("th", name, scope="row"), *cells))
    return element("div", element("table", *rows), class_="philo-table")


def _pairings(texts: Texts, summary: Summary) -> Markup:
    names = {
        "agreement": texts("summaries.agreements"),
        "contradiction": texts("summaries.contradictions"),
    }
    titles = dict(zip(summary["document_ids"], summary["titles"], strict=True))
    parts: list[Markup] = []
    for kind, name in names.items():
        pairs = [one for one in summary["pairings"] if one["kind"] == kind]
        parts.append(element("h3", name, class_="philo-label"))
        for pair in pairs:
            sides = [summary["statements"][pair["first"]], summary["statements"][pair["second"]]]
            lines = [
                element(
                    "li",
                    element("em", f"{titles.get(one['document_id'] or '', '')} — "),
                    _statement(texts, one),
                )
                for one in sides
            ]
            parts.append(element("ul", *lines))
        if not pairs:
            parts.append(element("p", texts("summaries.none"), class_="philo-hint"))
    return join(*parts)


def _told(summary: Summary, field: str, document_id: str) -> list[Statement]:
    return [
        one
        for one in summary["statements"]
        if one["field"] == field and one["document_id"] == document_id
    ]


def _cell(texts: Texts, told: Sequence[Statement]) -> Markup:
    if not told:
        return element("span", texts("summaries.not_stated"), class_="philo-hint")
    return join(*(_statement(texts, one) for one in told))


def _field_names(texts: Texts) -> dict[str, str]:
    return {
        "problem": texts("summaries.problem"),
        "method": texts("summaries.method"),
        "data": texts("summaries.data"),
        "results": texts("summaries.results"),
        "limitations": texts("summaries.limitations"),
        "conclusion": texts("summaries.conclusion"),
    }


def _statement(texts: Texts, statement: Statement) -> Markup:
    marks = citation_marks(texts, statement["citations"], scope=SCOPE)
    return join(unbroken(statement["text"]), *marks, " ")
