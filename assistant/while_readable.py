"""Answers and summaries on their way, as long as their reader may read what they rest on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from assistant.answering.events import AskEvent
from assistant.errors import AccessWithdrawnError
from assistant.knowledge.library import Library
from assistant.summarizing.types import SummaryEvent
from assistant.types import Passage, Readable

ReadableNow = Callable[[], Readable]
"""What somebody may read at this moment; raises AccessWithdrawnError where they may not ask."""

_GONE = "a document that this rests on was removed, replaced or closed to you meanwhile; ask again"


def while_readable(
    events: Iterator[AskEvent], library: Library, readable_now: ReadableNow
) -> Iterator[AskEvent]:
    """Each event, but for those after its reader has lost one of the passages.

    Raises:
        AccessWithdrawnError: instead of the next sentence, whatever that one cites: what is
            written has read all of the passages.
    """
    rests_on: dict[str, str] = {}
    with _closing(events):
        for event in events:
            if isinstance(event, list):
                documents = _documents(event)
                rests_on = library.contents_of(documents, readable_now())
                if rests_on.keys() != documents:
                    raise AccessWithdrawnError(_GONE)
            # By their content, not by chunks: another index may have taken over meanwhile.
            elif library.contents_of(rests_on.keys(), readable_now()) != rests_on:
                raise AccessWithdrawnError(_GONE)
            yield event


def _documents(passages: Sequence[Passage]) -> set[str]:
    """All that hold one of the passages, or the same text."""
    own = {passage.document_id for passage in passages}
    return own | {place.document_id for passage in passages for place in passage.places}


def summary_while_readable(
    events: Iterator[SummaryEvent],
    document_ids: Sequence[str],
    library: Library,
    readable_now: ReadableNow,
) -> Iterator[SummaryEvent]:
    """The same with a summary of documents.

    Raises:
        AccessWithdrawnError: instead of the next event.
    """
    wanted = set(document_ids)
    with _closing(events):
        for event in events:
            if library.readable_of(wanted, readable_now()) != wanted:
                raise AccessWithdrawnError(_GONE)
            yield event


@contextlib.contextmanager
def _closing(events: Iterator[object]) -> Iterator[None]:
    """Who stops to listen stops the work."""
    try:
        yield
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
