"""What a search finds, and what a citation says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.types.base import PublicModel


@dataclass(frozen=True, slots=True)
class ScoredId:
    id: str
    score: float


class Box(PublicModel):
    """A rectangle on a page, in points from the page's top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Place(PublicModel):
    """Another document that holds the same text, and the page on which it stands there."""

    document_id: str
    title: str
    uri: str
    page: int


Flag = Literal["injection", "toxicity"]
"""What a detector suspects of a text: that it orders a model about, that it insults or threatens.
Detectors err; docs/safety.md says how often."""


class Passage(PublicModel):
    """A chunk as found for a question. `pages` is how many the document has; `places` are the
    other documents, of those that the reader may see, that hold the same text."""

    rank: int
    score: float
    chunk_id: str
    document_id: str
    uri: str
    title: str
    page: int
    pages: int
    heading: list[str]
    start: int
    end: int
    text: str
    places: list[Place] = []
    flags: list[Flag] = []


class Citation(PublicModel):
    """`quote` is the version's text from `start` to `end`, letter by letter. `places` as in
    `Passage`."""

    marker: int
    document_id: str
    title: str
    uri: str
    page: int
    pages: int
    heading: list[str]
    start: int
    end: int
    quote: str
    boxes: list[Box]
    places: list[Place] = []
    flags: list[Flag] = []
