"""Who may read a document or a collection, changed from the next request on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import case, exists, func, select, update
from sqlalchemy.orm import Session

from assistant.access.names import find_user, group_name
from assistant.access.share_keys import collection_key, user_key
from assistant.errors import PeopleError
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.change_log import log_changes
from assistant.knowledge.changes import Changes
from assistant.knowledge.database import Database
from assistant.knowledge.document_infos import name_users, to_access
from assistant.knowledge.families import family_of
from assistant.knowledge.job_records import utc_now
from assistant.knowledge.packing import pack_json, stated_keys
from assistant.knowledge.standing import Standing, put_standing, resolved, standing_of
from assistant.knowledge.tables import CollectionRow, DocumentGroupRow, DocumentRow
from assistant.knowledge.turns import Turn
from assistant.knowledge.upkeep import Upkeep
from assistant.knowledge.visibility import is_readable
from assistant.types import EVERYONE, INHERIT, OPERATOR, Access, CollectionInfo, Readable

LONGEST_COLLECTION = 200


class Sharing:
    """The one writer of who may read what; `writer` is the library's lock.

    What somebody loses is gone with the transaction, for SQL confirms whatever an index finds.
    What somebody gains, the indexes know when the call returns, or after the next start.
    """

    def __init__(
        self,
        database: Database,
        upkeep: Upkeep,
        writer: Turn,
        changes: Changes,
        *,
        failpoint: Callable[[str], None],
    ) -> None:
        self._database = database
        self._upkeep = upkeep
        self._writer = writer
        self._changes = changes
        self._failpoint = failpoint
        self.login_demanded = False

    def state(self, document_id: str, stated: frozenset[str]) -> None:
        """Take down the keys with which its source, or who brings it in, shares a document. What
        somebody has shared otherwise stays so.

        Raises:
            DocumentNotFoundError: there is no such document.
        """

        def change(session: Session, document: DocumentRow) -> Standing:
            new = resolved(session, stated, document.collection, closed=self.login_demanded)
            before = standing_of(session, document)
            return replace(before, stated=stated) if before.own else new

        self._change(document_id, change)

    def share(self, document_id: str, access: Access) -> None:
        """Share a document with these and nobody else, until it is told to inherit again; so
        with what is attached to it and was not shared otherwise.

        Raises:
            DocumentNotFoundError: there is no such document.
            UnknownUserError, PeopleError: a user or a group that is none.
        """

        def change(session: Session, document: DocumentRow) -> Standing:
            stated = standing_of(session, document).stated
            return Standing(stated, True, keys_of(session, access))

        self._change(document_id, change)

    def inherit(self, document_id: str) -> None:
        """Let what its source or its collection says hold again.

        Raises:
            DocumentNotFoundError: there is no such document.
        """

        def change(session: Session, document: DocumentRow) -> Standing:
            stated = standing_of(session, document).stated
            return resolved(session, stated, document.collection, closed=self.login_demanded)

        self._change(document_id, change)

    def share_collection(self, name: str, access: Access) -> None:
        """Say who may read by default what is in a collection, also what comes later. A new one
        is made.

        Raises:
            UnknownUserError, PeopleError: a user, a group or a collection that is none.
        """
        name = name.strip()
        if not name or len(name) > LONGEST_COLLECTION or not name.isprintable():
            raise PeopleError("a collection's name has 1 to 200 printable characters")
        with self._writer:
            with self._database.writing() as session:
                readers = pack_json(sorted(keys_of(session, access)))
                if session.get(CollectionRow, name) is None:
                    session.add(CollectionRow(name=name, created_at=utc_now(), readers=readers))
                else:
                    session.execute(
                        update(CollectionRow)
                        .where(CollectionRow.name == name)
                        .values(readers=readers)
                    )
                session.flush()
                moved = self._close(session, name)
            self._changes.note({EVERYONE, collection_key(name)})
            self._failpoint("collection shared")
            self._upkeep.regroup_all(moved)

    def _close(self, session: Session, collection: str) -> list[str]:
        """Let documents that everyone could read, as nobody had said otherwise, go by what the
        collection says from now on."""
        query = (
            select(DocumentRow)
            .join(DocumentGroupRow, DocumentGroupRow.document_id == DocumentRow.id)
            .where(
                DocumentRow.collection == collection,
                DocumentGroupRow.group_name == EVERYONE,
                ~DocumentRow.own_access,
            )
        )
        moved: list[str] = []
        for document in session.scalars(query).all():
            stated = stated_keys(document.stated)
            if INHERIT in stated:
                put_standing(session, document.id, resolved(session, stated, collection))
                moved.append(document.id)
        self._mark(session, moved)
        return moved

    def collections(self, readable: Readable, *, manages: bool) -> list[CollectionInfo]:
        """By name.

        Args:
            readable: of the one who asks: their documents are counted.
            manages: they see all collections and who may read them; others those in which they
                may read something, and of their readers as much as is theirs to know.
        """
        goes_by_it = exists().where(
            DocumentGroupRow.document_id == DocumentRow.id,
            DocumentGroupRow.group_name.startswith(collection_key("")[:-32], autoescape=True),
        )
        counts = (
            select(DocumentRow.collection, func.count(), func.sum(case((goes_by_it, 1), else_=0)))
            .where(is_readable(readable))
            .group_by(DocumentRow.collection)
        )
        seer = OPERATOR if manages else readable
        told: list[CollectionInfo] = []
        with self._database.reading() as session:
            documents = {row[0]: (row[1], row[2]) for row in session.execute(counts)}
            for row in session.scalars(select(CollectionRow).order_by(CollectionRow.name)).all():
                if not manages and row.name not in documents:
                    continue
                access = None
                if row.readers is not None:
                    keys = frozenset(json.loads(row.readers))
                    access = to_access(keys, name_users(session, keys), seer)
                count, inheriting = documents.get(row.name, (0, 0))
                told.append(
                    CollectionInfo(
                        name=row.name, access=access, documents=count, inheriting=inheriting
                    )
                )
        return told

    def _change(self, document_id: str, change: Callable[[Session, DocumentRow], Standing]) -> None:
        with self._writer:
            with self._database.writing() as session:
                family = family_of(session, [document_id])
                rows = [session.get_one(DocumentRow, one) for one in family]
                former = {row.id: standing_of(session, row) for row in rows}
                document = session.get_one(DocumentRow, document_id)
                standing, before = change(session, document), former[document_id]
                followers = [
                    one
                    for one, its in former.items()
                    if one == document_id or not its.own or (before.own and its.keys == before.keys)
                ]
                for one in followers:
                    put_standing(session, one, standing)
                moved = [one for one in followers if former[one].keys != standing.keys]
                self._mark(session, moved)
            self._changes.note(standing.keys.union(*(one.keys for one in former.values())))
            self._failpoint("groups set")
            self._upkeep.regroup_all(moved)

    def _mark(self, session: Session, document_ids: Sequence[str]) -> None:
        log_changes(session, document_ids)
        for ids in in_batches(document_ids):
            session.execute(
                update(DocumentRow).where(DocumentRow.id.in_(ids)).values(indexes_stale=True)
            )


def keys_of(session: Session, access: Access) -> frozenset[str]:
    """
    Raises:
        UnknownUserError, PeopleError: a user or a group that is none.
    """
    groups = {group_name(group) for group in access.groups}
    return frozenset(groups | {user_key(find_user(session, name).id) for name in access.users})
