"""Questions that go on from an answer: about what stands beside its sources.

The sections next to a cited one make the questions, by rule; of those only the ones are kept
for which the search finds an answer. Each is in its document's language.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Sequence

from pydantic import Field

from assistant.errors import DocumentNotFoundError
from assistant.knowledge.library import Library
from assistant.knowledge.outline import Outline, load_outline
from assistant.scope import EVERYTHING, Scope
from assistant.types import Language, PublicModel, Readable
from assistant.words import WORD, fold

SUGGESTED = 3
MOST_TRIED = 5
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
    find_evidence: Callable[[str], str | None],
) -> list[str]:
    """At most `SUGGESTED` questions, from near the first citation first.

    Args:
        find_evidence: the sentence that answers a question best; None where nothing does.

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
        evidence = find_evidence(question)
        if evidence is not None and not _only_repeats(evidence, heading):
            found.append(question)
    return found


def _only_repeats(evidence: str, heading: str) -> bool:
    """Whether the heading itself is all that answers."""
    return len(WORD.findall(evidence)) <= len(WORD.findall(heading)) + 1


def _topics(
    library: Library, follow: FollowUpRequest, readable: Readable
) -> Iterator[tuple[str, str, Language | None]]:
    """(title, heading, language), each heading once; cited documents take turns."""
    nearby: list[list[tuple[str, str, Language | None]]] = []
    for document_id in dict.fromkeys(one.document_id for one in follow.cited):
        places = [one.start for one in follow.cited if one.document_id == document_id]
        try:
            outline = load_outline(library.database, document_id, readable)
        except DocumentNotFoundError:
            continue
        near = _headings_near(outline, places)
        nearby.append([(outline.title, heading, outline.language) for heading in near])
    seen: set[str] = set()
    for rank in range(max(map(len, nearby), default=0)):
        for topics in nearby:
            if rank < len(topics) and fold(topics[rank][1]) not in seen:
                seen.add(fold(topics[rank][1]))
                yield topics[rank]


def _headings_near(outline: Outline, places: Sequence[int]) -> list[str]:
    """Headings of sections that are not cited, without their numbers, the nearest first."""
    starts = [one.start for one in outline.headings]
    cited = {bisect.bisect_right(starts, place) - 1 for place in places}
    order = sorted(range(len(starts)), key=lambda n: min(abs(n - one) for one in cited))
    found = [_NUMBER.sub("", outline.headings[n].text).strip() for n in order if n not in cited]
    title = fold(outline.title)
    return [one for one in found if 0 < len(one) <= MOST_HEADING_CHARS and fold(one) != title]
