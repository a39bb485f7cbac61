"""Questions and answers."""

from __future__ import annotations

from typing import Literal

from assistant.types.base import Language, PublicModel
from assistant.types.passages import Citation, Flag, Passage


class Doubt(PublicModel):
    """Why a sentence is not borne out: a code, and the same for readers of both languages."""

    fault: str
    en: str
    fr: str


class Sentence(PublicModel):
    """`support` in [0, 1] says how far the cited sentences bear it out. `doubt` is None where
    they do, and where nobody wants to know (grounding = "off"). `translated`: the sources are
    in the other language, so that words were compared by their meaning only."""

    text: str
    supported: bool
    citations: list[int]
    support: float = 0.0
    doubt: Doubt | None = None
    translated: bool = False


class Timings(PublicModel):
    """Milliseconds since the question arrived."""

    retrieve: float
    first_token: float
    total: float


class Answer(PublicModel):
    """`writer` says who wrote the sentences: the model, or the documents themselves. `evidence`
    is the gate's probability that the passages hold the answer. `cached`: it was given before,
    and nothing that the reader may read has changed since. `made_at` (UTC) is when it was written,
    `flags` are of its own words."""

    question: str
    answer: str
    refused: bool
    evidence: float
    model: str
    writer: Literal["model", "quotes", "none"]
    language: Language
    citations: list[Citation]
    sentences: list[Sentence]
    passages: list[Passage]
    timings_ms: Timings
    cached: bool = False
    ai_generated: Literal[True] = True
    made_at: str = ""
    flags: list[Flag] = []


class Turn(PublicModel):
    """One turn of the conversation before the question."""

    role: Literal["user", "assistant"]
    text: str
