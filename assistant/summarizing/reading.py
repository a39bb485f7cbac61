"""A document as its summariser reads it: sections of sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.answering.candidates import Candidate, list_candidates
from assistant.knowledge.library import StoredChunk
from assistant.summarizing.roles import role_of
from assistant.summarizing.types import Role
from assistant.types import Language

LEAST_LETTERS = 25
LONGEST_CHARS = 480
FEW_UNITS = 4
LEAST_LETTER_SHARE = 0.62
"""Of the characters of a sentence that are not white space: below it is a formula or code."""

_POINTER = re.compile(
    r"^(?:(?:see|cf\.?|voir)\b|(?:fig(?:ure|\.)|tab(?:le|leau|\.)|eq(?:uation|\.)|algorithm|listing)"
    r"\s*\d)|\b(?:is|are|est|sont) (?:organi[sz]ed|structur|organis)|remainder of this"
    r"|rest of (?:this|the) paper|le reste de (?:cet|ce)|https?://|doi\.org|©"
    r"|^\d+(?:\.\d+)+\.?\s|\w:\d+\s|permission to make|all rights reserved|tous droits",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"(?:fig(?:ure)?|tab(?:le|leau)?|listing|algorithme?|source)\b\s*[.:]?\s*(?:\d|[IVX]+\b|:)"
    r"\d*\s*[.:–—-]",
    re.IGNORECASE,
)
_GLUED = re.compile(r"[^\W\d_]{28,}|[^\W\d_]{12,}[.,;][^\W\d_]{12,}|\(\)\.[A-Z]")
"""Words whose spaces were lost when the page was read."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence that may stand in a summary, with those that it rests on: itself where it is
    quoted. `position` is its place among the sentences of its section, from 0 to 1; `order`
    among all."""

    text: str
    sources: tuple[Candidate, ...]
    role: Role
    section: int
    position: float
    order: int
    is_quote: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    heading: tuple[str, ...]
    role: Role
    units: tuple[Unit, ...]

    @property
    def name(self) -> str:
        return self.heading[-1] if self.heading else ""


@dataclass(frozen=True, slots=True)
class Paper:
    """One document. `language` None: not known."""

    document_id: str
    version_id: str
    title: str
    language: Language | None
    pages: int
    sections: tuple[Section, ...]

    @property
    def units(self) -> list[Unit]:
        return [unit for section in self.sections for unit in section.units]


def read_paper(chunks: Sequence[StoredChunk], *, only: Sequence[str] = ()) -> Paper:
    """Group a document's chunks into sections and keep the sentences that say something; where
    few do (a note, a list of keywords), all that it has.

    Args:
        chunks: all of one document, in order; at least one.
        only: parts of headings; other sections are left out.
    """
    prose = _group(chunks, only, _is_prose)
    return prose if len(prose.units) >= FEW_UNITS else _group(chunks, only, _has_words)


def _group(
    chunks: Sequence[StoredChunk],
    only: Sequence[str],
    says_something: Callable[[Candidate], bool],
) -> Paper:
    first = chunks[0]
    wanted = [name.casefold() for name in only]
    groups: list[tuple[tuple[str, ...], list[StoredChunk]]] = []
    for chunk in chunks:
        path = "\n".join(chunk.heading).casefold()
        if wanted and not any(name in path for name in wanted):
            continue
        if not groups or groups[-1][0] != chunk.heading:
            groups.append((chunk.heading, []))
        groups[-1][1].append(chunk)
    sections: list[Section] = []
    order = 0
    seen: set[int] = set()  # where chunks overlap, a sentence stands in both
    for heading, group in groups:
        role = role_of(heading)
        if role is Role.BACK:
            continue
        kept = []
        for candidate in list_candidates(group):
            if candidate.start not in seen and says_something(candidate):
                seen.add(candidate.start)
                kept.append(candidate)
        units = [
            Unit(
                one.text,
                (one,),
                role,
                len(sections),
                index / max(1, len(kept) - 1),
                order + index,
            )
            for index, one in enumerate(kept)
        ]
        order += len(units)
        if units:
            sections.append(Section(heading, role, tuple(units)))
    return Paper(
        document_id=first.document_id,
        version_id=first.version_id,
        title=first.title,
        language=first.language,
        pages=first.pages,
        sections=tuple(sections),
    )


def _is_prose(candidate: Candidate) -> bool:
    """A whole sentence of prose: no heading, fragment, formula, code or pointer elsewhere."""
    text = candidate.text
    if candidate.is_heading or candidate.is_row or text.endswith(("?", ":")):
        return False
    if _is_caption(candidate):
        return False
    solid = text.replace(" ", "")
    letters = sum(letter.isalpha() for letter in solid)
    if letters < LEAST_LETTERS or letters < LEAST_LETTER_SHARE * len(solid):
        return False
    if len(text) > LONGEST_CHARS or not text.rstrip("\"'”’»)] ").endswith((".", "!", "…")):
        return False
    opening = text.lstrip("\"'“‘«( ")[:1]
    if not (opening.isupper() or opening.isdigit()):
        return False
    return not (_POINTER.search(text) or _GLUED.search(text))


def _is_caption(candidate: Candidate) -> bool:
    """Whether its paragraph begins like the caption of a table or a figure."""
    before = candidate.chunk.text[: candidate.start - candidate.chunk.start]
    paragraph = before[before.rfind("\n\n") + 1 :].strip()
    return _CAPTION.match(paragraph or candidate.text) is not None


def _has_words(candidate: Candidate) -> bool:
    letters = sum(letter.isalpha() for letter in candidate.text)
    return letters >= 3 and not candidate.is_heading
