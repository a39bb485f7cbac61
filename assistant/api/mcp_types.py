"""What the MCP tools take and give. Descriptions are read by the models that call them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.scope import EVERYTHING, Scope
from assistant.types import Citation, Language, Passage, PublicModel

MAX_CHARS = 100_000

Collection = Annotated[
    str | None, Field(max_length=200, description="only documents of this collection")
]


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SearchArguments(_Arguments):
    query: str = Field(
        max_length=MAX_CHARS, description="what to look for, in French or English, in plain words"
    )
    k: int = Field(5, ge=1, le=50, description="how many passages at most")
    collection: Collection = None
    scope: Scope = EVERYTHING


class AskArguments(_Arguments):
    question: str = Field(
        max_length=MAX_CHARS, description="one whole question, in French or English"
    )
    collection: Collection = None
    scope: Scope = EVERYTHING


class SummarizeArguments(_Arguments):
    documents: list[Annotated[str, Field(min_length=1, max_length=2000)]] = Field(
        min_length=1,
        max_length=20,
        description="ids (as search gives them), addresses or titles; several with form=compare",
    )
    form: Literal["abstract", "points", "paper", "compare"] = Field(
        "points",
        description="abstract: a paragraph; points: key points; paper: problem, method, data, "
        "results, limitations; compare: several documents beside each other",
    )
    language: Language | None = Field(None, description="of the summary; null: the document's own")


class CitationArguments(_Arguments):
    document_id: str = Field(min_length=1, max_length=200)
    start: int = Field(ge=0, le=2**31, description="of a citation, as ask and summarize give it")
    end: int = Field(ge=1, le=2**31)
    context_chars: int = Field(
        400, ge=0, le=5000, description="text before and behind the quote that is given as well"
    )


class FoundPassages(PublicModel):
    passages: list[Passage]


class ToolAnswer(PublicModel):
    """`answer` holds marks [1] that name the citations. `refused`: the readable documents do not
    hold the answer; `nearest` are then passages that come near."""

    answer: str
    refused: bool
    evidence: float
    citations: list[Citation]
    nearest: list[Passage]


class ToolSummary(PublicModel):
    """`text` is Markdown with marks [1] that name the citations."""

    text: str
    form: str
    language: str
    titles: list[str]
    remarks: list[str]
    citations: list[Citation]


class CitedText(PublicModel):
    """`quote` is what the document says from `start` to `end`, letter by letter."""

    document_id: str
    title: str
    uri: str
    page: int
    pages: int
    heading: list[str]
    before: str
    quote: str
    behind: str
