"""Where a sentence comes from: expandable cards with the quoted text in its surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from ui.components.markup import Markup, element, join
from ui.language import Texts
from ui.replies import Citation, Passage, Place

REFERENCE_LIST = "(reference list)"
"""What the index puts last in the heading path of entries of a reference list."""


def card_id(scope: str, marker: int) -> str:
    """The anchor of a card; `scope` tells the answers of a conversation apart."""
    return f"philo-{scope}-{marker}"


def citation_card(
    texts: Texts, citation: Citation, passages: Sequence[Passage], *, scope: str
) -> Markup:
    """Number, title, heading path and page; opened, the quote within its passage."""
    page = citation["page"] if citation["pages"] > 1 else None
    # A browser opens a closed <details> when it goes to an anchor inside it.
    return element(
        "details",
        element(
            "summary",
            element("span", f"[{citation['marker']}]", class_="philo-marker"),
            _place(texts, citation["title"], citation["heading"], page),
            flag_marks(texts, citation["flags"]),
        ),
        element(
            "blockquote", _highlight(citation, passages), id=card_id(scope, citation["marker"])
        ),
        _source(texts, citation["uri"]),
        _places(texts, citation["places"]),
        class_="philo-card",
    )


def passage_card(texts: Texts, passage: Passage) -> Markup:
    """A passage that is near the question, whole."""
    page = passage["page"] if passage["pages"] > 1 else None
    return element(
        "details",
        element(
            "summary",
            _place(texts, passage["title"], passage["heading"], page),
            flag_marks(texts, passage["flags"]),
        ),
        element("blockquote", passage["text"]),
        _source(texts, passage["uri"]),
        _places(texts, passage["places"]),
        class_="philo-card",
    )


def flag_marks(texts: Texts, flags: Sequence[str]) -> Markup:
    """What the detectors suspect of a text."""
    told = {
        "injection": (texts("flag.injection"), texts("flag.injection_hint")),
        "toxicity": (texts("flag.toxicity"), texts("flag.toxicity_hint")),
    }
    return join(
        *(
            element("span", told[flag][0], class_="philo-flag", title=told[flag][1])
            for flag in flags
        )
    )


def file_name(uri: str) -> str:
    """The last part of an address, as people write it."""
    return unquote(uri.rstrip("/").rsplit("/", 1)[-1])


def heading_path(title: str, heading: Sequence[str]) -> str:
    """The headings below the title, outermost first; an inner name of the index is none."""
    return " › ".join(part for part in heading if part not in (title, REFERENCE_LIST))


def _place(texts: Texts, title: str, heading: Sequence[str], page: int | None) -> Markup:
    path = heading_path(title, heading)
    return element(
        "span",
        element("span", title, class_="philo-title"),
        element("span", path, class_="philo-path") if path else "",
        element("span", texts("citation.page", page=page), class_="philo-page") if page else "",
        class_="philo-place",
    )


def _highlight(citation: Citation, passages: Sequence[Passage]) -> Markup:
    """The passage that holds the quote with the quote marked; the quote alone where none does."""
    for passage in passages:
        start = citation["start"] - passage["start"]
        end = citation["end"] - passage["start"]
        if (
            passage["document_id"] == citation["document_id"]
            and start >= 0
            and passage["text"][start:end] == citation["quote"]
        ):
            text = passage["text"]
            return join(text[:start], element("mark", text[start:end]), text[end:])
    return element("mark", citation["quote"])


def _source(texts: Texts, uri: str) -> Markup:
    return element("p", texts("citation.source", name=file_name(uri)), class_="philo-source")


def _places(texts: Texts, places: Sequence[Place]) -> Markup:
    """The other documents that hold the same text."""
    return join(
        *(
            element(
                "p",
                texts("citation.also", title=place["title"], page=place["page"]),
                class_="philo-source",
            )
            for place in places
        )
    )
