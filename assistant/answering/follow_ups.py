"""Questions that go on from an answer: about what stands beside its sources.

The sections next to a cited one make the questions, by rule; of those only the ones are kept
for which the search finds an answer. Each is in its document's language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from pydantic import Field

from assistant.errors import DocumentNotFoundError
from assistant.knowledge.library import Library, StoredChunk
from assistant.scope import EVERYTHING, Scope
from assistant.types import REFERENCE_LIST, Language, PublicModel, Readable
from assistant.words import fold

SUGGESTED = 3
MOST_TRIED = 6
"""Each costs a search."""
MOST_HEADING_CHARS = 90

_QUESTIONS: dict[Language, str] = {
    "en": "What does “{title}” say about “{heading}”?",
    "fr": "Que dit « {title} » sur « {heading} » ?",
}
_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*|[IVX]+)[.)]?\s+")


class CitedSpan(PublicModel):
    document_id: str = Field(max_length=64)
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class FollowUpRequest(PublicModel):
    """`cited` are the places that the answer cites, `asked` the questions so far. `language` is
    for documents whose own is not known."""

    cited: list[CitedSpan] = Field(max_length=100)
    asked: list[str] = Field(default=[], max_length=200)
    language: Language = "en"
    scope: Scope = EVERYTHING


def suggest(
    library: Library,
    follow: FollowUpRequest,
    readable: Readable,
    holds_answer: Callable[[str], bool],
) -> list[str]:
    """At most `SUGGESTED` questions, from near the first citation first.

    Documents that are gone, or that the reader may not see, give none.
    """
    asked = " ".join(fold(one) for one in follow.asked)
    found: list[str] = []
    tried = 0
    for title, heading, language in _topics(library, follow, readable):
        if fold(heading) in asked:
            continue
        if tried == MOST_TRIED or len(found) == SUGGESTED:
            break
        tried += 1
        question = _QUESTIONS[language or follow.language].format(title=title, heading=heading)
        if holds_answer(question):
            found.append(question)
    return found


def _topics(
    library: Library, follow: FollowUpRequest, readable: Readable
) -> Iterator[tuple[str, str, Language | None]]:
    """(title, heading, language), each heading once; cited documents take turns."""
    nearby: list[list[tuple[str, str, Language | None]]] = []
    for document_id in dict.fromkeys(one.document_id for one in follow.cited):
        spans = [one for one in follow.cited if one.document_id == document_id]
        try:
            chunks = library.document_chunks(document_id, readable)
        except DocumentNotFoundError:
            continue
        nearby.append([(c.title, h, c.language) for h, c in _headings_near(chunks, spans).items()])
    seen: set[str] = set()
    for rank in range(max(map(len, nearby), default=0)):
        for topics in nearby:
            if rank < len(topics) and fold(topics[rank][1]) not in seen:
                seen.add(fold(topics[rank][1]))
                yield topics[rank]


def _headings_near(
    chunks: Sequence[StoredChunk], spans: Sequence[CitedSpan]
) -> dict[str, StoredChunk]:
    """Headings of sections that are not cited, the nearest to a cited one first."""
    cited = [
        number
        for number, chunk in enumerate(chunks)
        if any(chunk.start < one.end and one.start < chunk.end for one in spans)
    ]
    known = {_heading_of(chunks[number]) for number in cited}
    found: dict[str, StoredChunk] = {}
    for number in sorted(
        range(len(chunks)), key=lambda n: min((abs(n - one) for one in cited), default=n)
    ):
        heading = _heading_of(chunks[number])
        if heading and heading not in known:
            found.setdefault(heading, chunks[number])
    return found


def _heading_of(chunk: StoredChunk) -> str:
    """The innermost heading without its number, "" where there is none to ask about."""
    parts = [part for part in chunk.heading if part != chunk.title]
    if not parts or parts[-1] == REFERENCE_LIST or len(parts[-1]) > MOST_HEADING_CHARS:
        return ""
    return _NUMBER.sub("", parts[-1]).strip()
