"""What a summary is, and what is told while it is made."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from assistant.types import Citation, Language, PublicModel

Form = Literal["abstract", "points", "paper", "compare", "sentence"]
FORMS: tuple[Form, ...] = ("abstract", "points", "paper", "compare")
"""Those that people ask for; `sentence` is the shortest, to list many documents."""


class Role(StrEnum):
    """What a section of a paper or report is there for."""

    ABSTRACT = "abstract"
    INTRODUCTION = "introduction"
    RELATED = "related"
    METHOD = "method"
    DATA = "data"
    RESULTS = "results"
    DISCUSSION = "discussion"
    LIMITATIONS = "limitations"
    CONCLUSION = "conclusion"
    BACK = "back"
    OTHER = "other"


class Field(StrEnum):
    """What the form `paper` tells, in this order."""

    PROBLEM = "problem"
    METHOD = "method"
    DATA = "data"
    RESULTS = "results"
    LIMITATIONS = "limitations"
    CONCLUSION = "conclusion"


class Statement(PublicModel):
    """One sentence of a summary. `citations` are markers. `field` in the forms `paper` and
    `compare`, `document_id` where several documents are compared."""

    text: str
    citations: list[int]
    field: Field | None = None
    document_id: str | None = None


class Pairing(PublicModel):
    """Statements of two documents about the same thing (indexes into `statements`), that agree
    or seem to contradict each other."""

    first: int
    second: int
    kind: Literal["agreement", "contradiction"]


class SummaryTimings(PublicModel):
    first_statement: float
    total: float


class Summary(PublicModel):
    """`text` is Markdown with [n] for each citation. `writer`: the model, or the documents'
    own sentences. `missing`: fields of the form `paper` that no document states. `remarks` say
    what a reader should know of it, in its language."""

    form: Form
    language: Language
    document_ids: list[str]
    titles: list[str]
    text: str
    statements: list[Statement]
    citations: list[Citation]
    missing: list[tuple[str, Field]]
    pairings: list[Pairing]
    remarks: list[str]
    model: str
    writer: Literal["model", "quotes"]
    made_at: str
    timings_ms: SummaryTimings
    ai_generated: Literal[True] = True


class SummaryProgress(PublicModel):
    """`done` of `total` sections of a document are read. `language` is the summary's."""

    language: Language
    title: str
    done: int
    total: int


ExportFormat = Literal["md", "docx", "pdf"]


class StatementWritten(PublicModel):
    """A statement, told as soon as it is known, with the citations it brings along."""

    statement: Statement
    citations: list[Citation]


SummaryEvent = SummaryProgress | StatementWritten | Summary
