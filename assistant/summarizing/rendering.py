"""A summary as Markdown, in French or English."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.summarizing.types import Field, Form, Pairing, Statement, Summary
from assistant.types import Language

FIELD_NAMES: dict[Language, dict[Field, str]] = {
    "en": {
        Field.PROBLEM: "Problem",
        Field.METHOD: "Method",
        Field.DATA: "Data",
        Field.RESULTS: "Results",
        Field.LIMITATIONS: "Limitations",
        Field.CONCLUSION: "Conclusion",
    },
    "fr": {
        Field.PROBLEM: "Problème",
        Field.METHOD: "Méthode",
        Field.DATA: "Données",
        Field.RESULTS: "Résultats",
        Field.LIMITATIONS: "Limites",
        Field.CONCLUSION: "Conclusion",
    },
}
NOT_STATED: dict[Language, str] = {"en": "not stated", "fr": "non précisé"}
_ORIGIN: dict[Language, dict[str, str]] = {
    "en": {
        "quotes": "Generated on {date}: sentences of the documents, chosen by Philo and quoted "
        "word for word; no language model wrote.",
        "model": "Generated on {date} by {model} (AI), each statement checked against the "
        "sentences that it cites.",
    },
    "fr": {
        "quotes": "Généré le {date} : phrases des documents, choisies par Philo et citées mot "
        "pour mot ; aucun modèle de langue n'a écrit.",
        "model": "Généré le {date} par {model} (IA), chaque énoncé vérifié dans les phrases "
        "qu'il cite.",
    },
}
HEADINGS: dict[Language, dict[str, str]] = {
    "en": {"agreement": "Agreements", "contradiction": "Possible contradictions", "none": "None."},
    "fr": {
        "agreement": "Points d'accord",
        "contradiction": "Contradictions possibles",
        "none": "Aucun.",
    },
}


def render(
    form: Form,
    language: Language,
    documents: Sequence[tuple[str, str]],
    statements: Sequence[Statement],
    pairings: Sequence[Pairing] = (),
) -> str:
    """Markdown; `documents` are (id, title)."""
    if form == "points":
        return "\n".join(f"- {_marked(one)}" for one in statements)
    if form == "paper":
        return "\n\n".join(
            f"**{FIELD_NAMES[language][field]}**: {_told(statements, field, language)}"
            for field in Field
        )
    if form == "compare":
        return _table(language, documents, statements) + _pairs(
            language, dict(documents), statements, pairings
        )
    return " ".join(_marked(one) for one in statements)


def say_origin(summary: Summary) -> str:
    """That it is generated, by which model and when."""
    date = summary.made_at[:16].replace("T", " ")
    told = _ORIGIN[summary.language][summary.writer]
    return told.format(date=f"{date} UTC", model=summary.model)


def _marked(statement: Statement) -> str:
    return statement.text + "".join(f" [{marker}]" for marker in statement.citations)


def _told(
    statements: Sequence[Statement],
    field: Field,
    language: Language,
    document_id: str | None = None,
) -> str:
    told = [
        _marked(one)
        for one in statements
        if one.field is field and (document_id is None or one.document_id == document_id)
    ]
    return " ".join(told) or f"*{NOT_STATED[language]}*"


def _table(
    language: Language, documents: Sequence[tuple[str, str]], statements: Sequence[Statement]
) -> str:
    lines = ["| | " + " | ".join(_cell(title) for _, title in documents) + " |"]
    lines.append("|---" * (len(documents) + 1) + "|")
    for field in Field:
        cells = [_cell(_told(statements, field, language, key)) for key, _ in documents]
        lines.append(f"| **{FIELD_NAMES[language][field]}** | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _pairs(
    language: Language,
    titles: dict[str, str],
    statements: Sequence[Statement],
    pairings: Sequence[Pairing],
) -> str:
    names = HEADINGS[language]
    parts = []
    for kind in ("agreement", "contradiction"):
        lines = [
            f"- {_named(statements[pair.first], titles)}\n"
            f"  {_named(statements[pair.second], titles)}"
            for pair in pairings
            if pair.kind == kind
        ]
        parts.append(f"\n\n### {names[kind]}\n\n" + ("\n".join(lines) or names["none"]))
    return "".join(parts)


def _named(statement: Statement, titles: dict[str, str]) -> str:
    return f"*{titles.get(statement.document_id or '', '')}*: {_marked(statement)}"
