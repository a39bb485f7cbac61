"""Lists of documents, a page at a time: which are meant, in which order, and where a page ends."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from assistant.errors import CursorError
from assistant.knowledge.changes import Changes
from assistant.knowledge.scoping import is_in_scope, is_of_version
from assistant.knowledge.stored import select_documents
from assistant.knowledge.tables import DocumentRow, VersionRow
from assistant.knowledge.visibility import is_shared
from assistant.scope import EVERYTHING, Scope
from assistant.types import DocumentInfo, DocumentState, Readable
from assistant.words import fold

T = TypeVar("T")

KEPT_COUNTS = 500


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which of the readable documents are meant. `query` is a part of title or address, whatever
    its case and accents. `incomplete`: only those with pages on which no text was found."""

    query: str = ""
    state: DocumentState = "published"
    scope: Scope = EVERYTHING
    incomplete: bool = False

    def select(self, readable: Readable) -> Select[DocumentRow, VersionRow]:
        # Of the version that is listed, which in quarantine is not the published one.
        of_document = self.scope.model_copy(update=_WITHOUT_VERSION)
        listed = select_documents(readable, self.state)
        return listed.where(*self._of_version(), is_in_scope(of_document))

    def count(self, readable: Readable) -> Select[int]:
        if not self._of_version() and self.scope == EVERYTHING:
            shown = DocumentRow.published_version_id
            if self.state == "quarantined":
                shown = DocumentRow.held_version_id
            # Without the table of versions, which is ten times as wide.
            return (
                select(func.count())
                .select_from(DocumentRow)
                .where(shown.is_not(None), is_shared(readable))
            )
        found = self.select(readable).with_only_columns(DocumentRow.id)
        if self.state == "published":  # SQLite then goes through the index that holds the titles
            found = found.where(VersionRow.published_at > datetime.min.replace(tzinfo=UTC))
        return select(func.count()).select_from(found.subquery())

    def _of_version(self) -> list[ColumnElement[bool]]:
        conditions = is_of_version(self.scope)
        if key := fold(self.query):
            conditions.append(VersionRow.search_key.contains(key, autoescape=True))
        if self.incomplete:
            conditions.append(VersionRow.empty_pages != "[]")
        return conditions


_WITHOUT_VERSION = {"types": (), "languages": (), "author": "", "after": None, "before": None}


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which document a page of a list begins: the newest come first."""

    moment: datetime
    document_id: str

    def written(self) -> str:
        """For a client, who sends it back as it is."""
        return f"{self.moment.astimezone(UTC).strftime(_MOMENT)}-{self.document_id}"


_MOMENT = "%Y%m%dT%H%M%S.%f"


def read_place(written: str) -> Place:
    """
    Raises:
        CursorError: it was not given out by `Place.written`.
    """
    moment, _, document_id = written.partition("-")
    try:
        return Place(datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC), document_id)
    except ValueError as exc:
        raise CursorError(
            f"{written!r} is no cursor; send what the field 'next' of the last page held"
        ) from exc


def in_order(
    query: Select[DocumentRow, VersionRow], state: DocumentState, place: Place | None
) -> Select[DocumentRow, VersionRow]:
    """Newest first, from a place on."""
    moment = VersionRow.published_at if state == "published" else VersionRow.staged_at
    if place is not None:
        later = and_(moment == place.moment, VersionRow.document_id < place.document_id)
        query = query.where(moment <= place.moment, or_(moment < place.moment, later))
    return query.order_by(moment.desc(), VersionRow.document_id.desc())


def place_of(document: DocumentInfo) -> Place:
    moment = document.published_at or document.staged_at
    return Place(datetime.fromisoformat(moment), document.id)


class Counts:
    """Numbers that are counted anew only after something has changed for the reader: counting
    a hundred thousand documents takes longer than showing twenty of them. From any thread.

    Args:
        changes: None: nobody says when something has changed, so that nothing is kept.
    """

    def __init__(self, changes: Changes | None) -> None:
        self._changes = changes
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, tuple[int, object]] = OrderedDict()

    def get(self, what: Hashable, readable: Readable, count: Callable[[], T]) -> T:
        """
        Args:
            what: is counted.
        """
        if self._changes is None:
            return count()
        stamp = self._changes.stamp(readable)
        key = (what, readable)
        with self._lock:
            held = self._kept.get(key)
        if held is not None and held[0] == stamp:
            kept: T = held[1]  # type: ignore[assignment]
            return kept
        counted = count()
        with self._lock:
            self._kept[key] = (stamp, counted)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_COUNTS:
                self._kept.popitem(last=False)
        return counted
