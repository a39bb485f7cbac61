"""Sharing as one caller may do it; every change is in the audit log."""

from __future__ import annotations

from typing import Any

from assistant.access.types import Principal
from assistant.audit import OPERATOR_NAME
from assistant.audit.content import Content
from assistant.errors import AccessDeniedError, UnknownUserError
from assistant.knowledge.library import Library
from assistant.types import OPERATOR, Access, CollectionInfo


class CallersSharing:
    """See `assistant.access.types.SharingDesk`.

    Args:
        caller: None: the operator.
    """

    def __init__(self, library: Library, caller: Principal | None) -> None:
        self._library = library
        self._sharing = library.sharing
        self._caller = caller
        self._readable = OPERATOR if caller is None else caller.readable()
        self._who = OPERATOR_NAME if caller is None else caller.name
        self._manages = caller is None or caller.may_manage

    def document_access(self, document_id: str) -> Access:
        self._library.document(document_id, self._readable)
        told = self._library.document(document_id, OPERATOR)
        return Access(groups=told.groups, users=told.users)

    def share_document(self, document_id: str, access: Access | None) -> Access:
        present = self.document_access(document_id)
        if self._caller is not None:
            if not self._caller.may_write:
                raise AccessDeniedError(f"{self._who} may read, but not share")
            if access is not None and not self._manages:
                self._caller.require_own(access.groups, besides=present.groups)
        if access is None:
            self._sharing.inherit(document_id)
        else:
            try:
                self._sharing.share(document_id, access)
            except UnknownUserError:
                if self._manages:
                    raise
                # No name that is like it: an editor is no reader of the list of users.
                raise UnknownUserError("one of the users is not known; nothing changed") from None
        told = self._library.document(document_id, OPERATOR)
        now = Access(groups=told.groups, users=told.users)
        by = {"document": document_id, "inherits": access is None}
        self._library.audit.record(self._who, "document.share", by | _of(now))
        return now

    def collections(self) -> list[CollectionInfo]:
        return self._sharing.collections(self._readable, manages=self._manages)

    def share_collection(self, name: str, access: Access) -> CollectionInfo:
        if not self._manages:
            raise AccessDeniedError(
                f"{self._who} may not say who reads collections; an admin or the operator may"
            )
        self._sharing.share_collection(name, access)
        told = {"collection": name.strip(), **_of(access)}
        self._library.audit.record(self._who, "collection.share", told)
        return next(one for one in self.collections() if one.name == name.strip())


def _of(access: Access) -> dict[str, Any]:
    """For the log; who is named in it can be erased."""
    return {
        "groups": access.groups,
        "users": [Content(name, bare=True) for name in access.users],
    }
