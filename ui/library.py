"""The library over HTTP: its documents, who may read them, its sources and what is coming in.
Every function raises ServiceError."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import IO, Any, Literal, TypedDict
from urllib.parse import quote

import httpx

from ui.client import CONNECT_TIMEOUT_S, Service
from ui.replies import Document, DocumentList, Job

State = Literal["published", "quarantined"]


class Filter(TypedDict, total=False):
    """Which documents are listed; what is left out asks for nothing."""

    q: str
    state: State
    collection: str
    language: list[str]
    type: list[str]
    incomplete: bool


class Access(TypedDict):
    groups: list[str]
    users: list[str]


class Collection(TypedDict):
    """`access` is None where nobody has said who may read by default what is in it."""

    name: str
    access: Access | None
    documents: int
    inheriting: int


class Refusal(TypedDict):
    id: str
    type: str
    message: str


class SelectionReport(TypedDict):
    done: list[str]
    refused: list[Refusal]


class Accepted(TypedDict):
    id: str


def list_documents(service: Service, wanted: Filter, *, cursor: str, limit: int) -> DocumentList:
    """One page, newest first; `cursor` is "" for the first one."""
    given: dict[str, Any] = {key: value for key, value in wanted.items() if value}
    if cursor:
        given["cursor"] = cursor
    return service.fetch("GET", "/documents", params=given | {"limit": limit}).json()


def find_documents(service: Service, ids: Sequence[str]) -> list[Document]:
    """Those of at most 500 that are still there."""
    parameters = {"document": list(ids), "limit": 500}
    return service.fetch("GET", "/documents", params=parameters).json()["documents"]


def list_collections(service: Service) -> list[Collection]:
    """By name, those in which one may read something; all for administrators."""
    return service.fetch("GET", "/collections").json()["collections"]


def accept_upload(
    service: Service, file: IO[bytes], *, path: PurePosixPath, collection: str
) -> Accepted:
    """The file is safely kept; the job says what becomes of it.

    Args:
        path: its name, with the folders that it came in.
    """
    folder = "" if path.parent == PurePosixPath() else str(path.parent)
    return service.fetch(
        "POST",
        "/documents",
        params={"wait": False},
        files={"file": (path.name, file)},
        data={"collection": collection, "folder": folder},
        timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT_S),
    ).json()


def find_jobs(service: Service, ids: Sequence[str]) -> list[Job]:
    """At most 500."""
    return service.fetch("GET", "/jobs", params={"job": list(ids), "limit": 500}).json()["jobs"]


def read_access(service: Service, document_id: str) -> Access:
    return service.fetch("GET", f"/documents/{quote(document_id, safe='')}/access").json()


def delete_documents(service: Service, ids: Sequence[str]) -> SelectionReport:
    return _change(service, "/selection/documents/delete", ids)


def move_documents(service: Service, ids: Sequence[str], collection: str) -> SelectionReport:
    return _change(service, "/selection/documents/move", ids, collection=collection)


def share_documents(service: Service, ids: Sequence[str], access: Access | None) -> SelectionReport:
    """None: they inherit from their source or their collection."""
    if access is None:
        return _change(service, "/selection/documents/access", ids, inherit=True)
    return _change(service, "/selection/documents/access", ids, **access)


def release_documents(service: Service, ids: Sequence[str]) -> SelectionReport:
    return _change(service, "/selection/documents/release", ids)


def retry_jobs(service: Service, ids: Sequence[str]) -> SelectionReport:
    return _change(service, "/selection/jobs/retry", ids)


def dismiss_jobs(service: Service, ids: Sequence[str]) -> SelectionReport:
    return _change(service, "/selection/jobs/cancel", ids)


def _change(service: Service, path: str, ids: Sequence[str], **body: object) -> SelectionReport:
    return service.fetch("POST", path, json={"ids": list(ids), **body}, timeout=None).json()
