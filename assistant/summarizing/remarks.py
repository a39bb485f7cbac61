"""What a reader should know of a summary: in which language it is, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.summarizing.reading import Paper
from assistant.summarizing.types import Form, Statement
from assistant.types import Language

_QUOTED: dict[Language, str] = {
    "en": "{title} is written in {other}: its sentences are quoted as they stand, for no model "
    "that could translate them writes here.",
    "fr": "{title} est en {other} : ses phrases sont citées telles quelles, car aucun modèle "
    "capable de les traduire n'écrit ici.",
}
_LANGUAGES: dict[Language, dict[str, str]] = {
    "en": {"en": "English", "fr": "French", "": "another language"},
    "fr": {"en": "anglais", "fr": "français", "": "une autre langue"},
}
_SHORT: dict[Language, str] = {
    "en": "The document is too short for this form: all that it says is quoted.",
    "fr": "Le document est trop court pour cette forme : tout ce qu'il dit est cité.",
}
_LEAST = {"abstract": 150, "points": 5}


def remarks_on(
    papers: Sequence[Paper],
    statements: Sequence[Statement],
    language: Language,
    *,
    quoted: bool,
    form: Form,
) -> list[str]:
    """In `language`, each a sentence.

    Args:
        quoted: whether all statements are sentences of the documents.
    """
    remarks = []
    for paper in papers:
        if quoted and paper.language != language:
            other = _LANGUAGES[language][paper.language or ""]
            remarks.append(_QUOTED[language].format(title=_named(paper, language), other=other))
    size = sum(len(one.text.split()) for one in statements)
    told = size if form == "abstract" else len(statements)
    if told < _LEAST.get(form, 0):
        remarks.append(_SHORT[language])
    return remarks


def _named(paper: Paper, language: Language) -> str:
    return f"« {paper.title} »" if language == "fr" else f"“{paper.title}”"
