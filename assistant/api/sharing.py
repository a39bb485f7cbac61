"""Who may read a document or a collection, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException
from fastapi import Path as InPath
from pydantic import Field

from assistant.access.sharing import CallersSharing
from assistant.api.reader import Caller
from assistant.assistant import Assistant
from assistant.types import Access, CollectionInfo, PublicModel


class AccessRequest(Access):
    """`inherit`: as its source or its collection says, and no groups and users of its own."""

    inherit: bool = False

    @property
    def wanted(self) -> Access | None:
        """None: it inherits."""
        return None if self.inherit else Access(groups=self.groups, users=self.users)


class CollectionList(PublicModel):
    collections: list[CollectionInfo] = Field(description="by name")


def add_sharing(api: FastAPI, assistant: Assistant) -> None:
    library = assistant.library

    @api.get("/documents/{document_id}/access")
    def access(document_id: str, principal: Caller) -> Access:
        """All who may read a document, for those who may change it; 404 when it does not exist
        or may not be read."""
        if principal is not None and not principal.may_write:
            raise HTTPException(403, f"{principal.name} may read, but not share.")
        return CallersSharing(library, principal).document_access(document_id)

    @api.put("/documents/{document_id}/access")
    def share(document_id: str, request: AccessRequest, principal: Caller) -> Access:
        """Let these and nobody else read a document, from the next request on."""
        if request.inherit and (request.groups or request.users):
            raise HTTPException(422, "Say either who may read it, or that it inherits.")
        return CallersSharing(library, principal).share_document(document_id, request.wanted)

    @api.get("/collections")
    def collections(principal: Caller) -> CollectionList:
        """Those in which the caller may read something; all of them for admins."""
        return CollectionList(collections=CallersSharing(library, principal).collections())

    @api.put("/collections/{name}/access")
    def share_collection(
        name: Annotated[str, InPath(max_length=200)], request: Access, principal: Caller
    ) -> CollectionInfo:
        """Say who may read by default what is in a collection: for admins. It holds from the next
        request on for all documents that inherit; a new collection is made."""
        return CallersSharing(library, principal).share_collection(name, request)
