"""Bringing documents that are known into another collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import quote

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from assistant.errors import MoveError
from assistant.knowledge.change_log import log_changes
from assistant.knowledge.changes import Changes
from assistant.knowledge.database import Database
from assistant.knowledge.families import family_of
from assistant.knowledge.job_records import UNFINISHED, utc_now
from assistant.knowledge.sharing import LONGEST_COLLECTION, Sharing
from assistant.knowledge.standing import put_standing, resolved, standing_of
from assistant.knowledge.tables import CollectionRow, DocumentRow, JobRow, VersionRow
from assistant.knowledge.turns import Turn
from assistant.knowledge.upkeep import Upkeep
from assistant.words import fold


class Moving:
    """The one writer of which collection a document is in."""

    def __init__(
        self,
        database: Database,
        upkeep: Upkeep,
        writer: Turn,
        changes: Changes,
        *,
        sharing: Sharing,
        failpoint: Callable[[str], None],
    ) -> None:
        self._database = database
        self._upkeep = upkeep
        self._writer = writer
        self._changes = changes
        self._sharing = sharing
        self._failpoint = failpoint

    def move(self, document_id: str, collection: str) -> None:
        """Bring a document with all that is attached to it into a collection; a new one is made.

        What goes by its collection is read by those whom the new one names, from the next request
        on; what is shared otherwise stays so. An upload is known under its name in the new
        collection, so that the same name again replaces it there.

        Raises:
            DocumentNotFoundError: there is no such document.
            MoveError: the name is none, a source or another document keeps it where it is, it is
                being brought in, or there is one of its address already.
        """
        collection = collection.strip()
        if not collection or len(collection) > LONGEST_COLLECTION or not collection.isprintable():
            raise MoveError(
                f"{collection[:50]!r} cannot be a collection's name: it has 1 to "
                f"{LONGEST_COLLECTION} printable characters"
            )
        with self._writer:
            with self._database.writing() as session:
                family = family_of(session, [document_id])
                documents = [session.get_one(DocumentRow, one) for one in family]
                first = session.get_one(DocumentRow, document_id)
                if first.collection == collection:
                    return
                former = first.collection
                _require_movable(session, first, documents)
                addresses = {one.id: _address_in(one.uri, former, collection) for one in documents}
                _require_free(session, family, addresses.values(), collection)
                keys = frozenset[str]()
                if session.get(CollectionRow, collection) is None:
                    session.add(CollectionRow(name=collection, created_at=utc_now()))
                    session.flush()
                for document in documents:
                    keys |= self._put(session, document, addresses[document.id], collection)
                log_changes(session, family)
            self._changes.note(keys)
            self._failpoint("moved")
            self._upkeep.regroup_all(family)

    def _put(
        self, session: Session, document: DocumentRow, address: str, collection: str
    ) -> frozenset[str]:
        """The keys of before and after."""
        before = standing_of(session, document)
        same = and_(JobRow.uri == document.uri, JobRow.collection == document.collection)
        session.execute(update(JobRow).where(same).values(uri=address, collection=collection))
        document.uri, document.collection = address, collection
        document.indexes_stale = True
        session.flush()
        for version in session.scalars(
            select(VersionRow).where(VersionRow.document_id == document.id)
        ):
            version.search_key = fold(f"{version.title}\n{address}")
        if before.own:
            return before.keys
        after = resolved(session, before.stated, collection, closed=self._sharing.login_demanded)
        put_standing(session, document.id, after)
        return before.keys | after.keys


def _require_movable(
    session: Session, document: DocumentRow, family: Sequence[DocumentRow]
) -> None:
    if document.parent_id is not None:
        raise MoveError(
            "it is attached to another document, whose collection it shares; move that one"
        )
    if document.source is not None:
        raise MoveError(
            "a source keeps it where it is, and would bring it back; change the source's "
            "collection instead: philo sources"
        )
    coming = or_(
        JobRow.parent_id.in_([one.id for one in family]),
        and_(JobRow.uri == document.uri, JobRow.collection == document.collection),
    )
    if session.scalar(select(JobRow.id).where(coming, JobRow.state.in_(UNFINISHED)).limit(1)):
        raise MoveError("it is being brought in at this moment; move it when that is done")


def _require_free(
    session: Session, family: Sequence[str], addresses: Iterable[str], collection: str
) -> None:
    taken = select(DocumentRow.id).where(
        DocumentRow.collection == collection,
        DocumentRow.uri.in_(list(addresses)),
        DocumentRow.id.not_in(family),
    )
    if session.scalar(taken.limit(1)) is not None:
        raise MoveError(
            f"collection {collection!r} cannot take it: its address is in use there; delete one "
            "of the two, or choose another collection"
        )


def _address_in(address: str, former: str, collection: str) -> str:
    """Of an upload, which is named after its collection; others stay as they are."""
    before = f"upload://{quote(former, safe='')}/"
    if not address.startswith(before):
        return address
    return f"upload://{quote(collection, safe='')}/{address.removeprefix(before)}"
