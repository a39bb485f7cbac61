"""Sharing in a running service, as a command sees it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from assistant.remote_sources import Call
from assistant.types import Access, CollectionInfo


class RemoteSharing:
    """See `assistant.access.types.SharingDesk`.

    Args:
        call: as in `RemoteSources`.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def document_access(self, document_id: str) -> Access:
        return Access.model_validate(self._call("GET", _document(document_id)))

    def share_document(self, document_id: str, access: Access | None) -> Access:
        body: dict[str, Any] = {"inherit": True}
        if access is not None:
            body = access.model_dump(mode="json")
        return Access.model_validate(self._call("PUT", _document(document_id), json=body))

    def collections(self) -> list[CollectionInfo]:
        told = self._call("GET", "/collections")["collections"]
        return TypeAdapter(list[CollectionInfo]).validate_python(told)

    def share_collection(self, name: str, access: Access) -> CollectionInfo:
        path = f"/collections/{quote(name, safe='')}/access"
        told = self._call("PUT", path, json=access.model_dump(mode="json"))
        return CollectionInfo.model_validate(told)


def _document(document_id: str) -> str:
    return f"/documents/{quote(document_id, safe='')}/access"
