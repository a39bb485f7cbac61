"""Where a citation stands, over HTTP. Every function raises ServiceError."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import quote

from ui.client import Service
from ui.replies import Citation


class Box(TypedDict):
    """In points from the page's top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Span(TypedDict):
    """`text` is "" where the document has no such place any more."""

    title: str
    uri: str
    heading: list[str]
    page: int
    pages: int
    before: str
    text: str
    after: str
    boxes: list[Box]
    drawn: bool


@dataclass(frozen=True, slots=True)
class PageImage:
    """The sides are in points."""

    png: bytes
    width: float
    height: float


def find_span(service: Service, citation: Citation) -> Span:
    """The cited words as they stand in the document now, with what is around them."""
    parameters = {"start": citation["start"], "end": citation["end"]}
    path = f"{_document(citation['document_id'])}/span"
    return service.fetch("GET", path, params=parameters).json()


def draw_page(service: Service, document_id: str, number: int) -> PageImage:
    answer = service.fetch("GET", f"{_document(document_id)}/pages/{number}.png")
    width, height = (float(answer.headers[f"X-Page-{side}"]) for side in ("Width", "Height"))
    return PageImage(answer.content, width, height)


def fetch_original(service: Service, document_id: str) -> bytes:
    """The file that was brought in."""
    return service.fetch("GET", f"{_document(document_id)}/original").content


def _document(document_id: str) -> str:
    return f"/documents/{quote(document_id, safe='')}"
