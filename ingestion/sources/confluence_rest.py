"""What Confluence is asked for, in the two dialects that it speaks.

Data Center: REST API v1 (developer.atlassian.com/server/confluence). Cloud: v2, and v1 for the
restrictions, which v2 does not have (developer.atlassian.com/cloud/confluence).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urljoin, urlsplit

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.sources.connection import Connection, place

LISTED_AT_ONCE = 100
_CONTAINERS = {
    "folder": "folders",
    "whiteboard": "whiteboards",
    "database": "databases",
    "embed": "embeds",
}


@dataclass(frozen=True, slots=True)
class Page:
    """`readers` are those whom a restriction of the page itself names; None: it has none.
    `parent_kind` is what is above it: a page, or another thing that holds pages."""

    id: str
    title: str
    version: int
    parent: str | None
    readers: frozenset[str] | None
    parent_kind: str = "page"


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """`path` goes after the address of the Confluence."""

    name: str
    path: str
    version: int
    size_bytes: int | None


class Rest(Protocol):
    """One dialect. Raises (all): SourceItemGoneError, SourceUnavailableError."""

    connection: Connection

    def pages(self, space: str) -> Iterator[Page]:
        """Current pages and blog posts of a space, those above not always first."""

    def parent_of(self, page: Page) -> Page | None:
        """What is above a page, where it is none of the space's pages."""

    def attachments(self, page_id: str) -> Iterator[AttachedFile]: ...

    def body(self, page_id: str) -> tuple[str, str]:
        """Title, and content as HTML with its macros carried out."""


class ServerRest:
    """Confluence Data Center."""

    def __init__(self, url: str, connection: Connection) -> None:
        self._url = url
        self.connection = connection

    def pages(self, space: str) -> Iterator[Page]:
        restrictions = "restrictions.read.restrictions"
        expand = f"version,ancestors,{restrictions}.user,{restrictions}.group"
        address = f"{self._url}/rest/api/content"
        for kind in ("page", "blogpost"):
            asked = {"spaceKey": space, "type": kind, "status": "current", "expand": expand}
            with _understood(address):
                for one in _listed(self.connection, self._url, address, asked):
                    above = one["ancestors"]
                    yield Page(
                        id=str(one["id"]),
                        title=str(one["title"]),
                        version=int(one["version"]["number"]),
                        parent=str(above[-1]["id"]) if above else None,
                        readers=_stated_readers(one["restrictions"]["read"]["restrictions"]),
                    )

    def parent_of(self, page: Page) -> Page | None:
        """Only pages are above pages: one that is not listed is one that may not be seen, and
        what is below it is nobody's."""
        return Page(page.parent or "", "", 0, parent=None, readers=frozenset())

    def attachments(self, page_id: str) -> Iterator[AttachedFile]:
        address = f"{self._url}/rest/api/content/{quote(page_id, safe='')}/child/attachment"
        with _understood(address):
            for one in _listed(self.connection, self._url, address, {"expand": "version"}):
                size = one.get("extensions", {}).get("fileSize")
                yield AttachedFile(
                    name=str(one["title"]),
                    path=_path(one["_links"]["download"]),
                    version=int(one["version"]["number"]),
                    size_bytes=None if size is None else int(size),
                )

    def body(self, page_id: str) -> tuple[str, str]:
        address = f"{self._url}/rest/api/content/{quote(page_id, safe='')}"
        with _understood(address):
            page = self.connection.read_json(address, params={"expand": "body.export_view"})
            return str(page["title"]), str(page["body"]["export_view"]["value"])


class CloudRest:
    """Confluence Cloud."""

    def __init__(self, url: str, connection: Connection) -> None:
        self._url = url
        self.connection = connection

    def pages(self, space: str) -> Iterator[Page]:
        address = f"{self._url}/api/v2/spaces"
        with _understood(address):
            found = self.connection.read_json(address, params={"keys": space})["results"]
            if not found:
                raise SourceItemGoneError(f"{address} knows no space {space}")
            for kind in ("pages", "blogposts"):
                first = f"{address}/{quote(str(found[0]['id']), safe='')}/{kind}"
                for one in _listed(self.connection, self._url, first, {"status": "current"}):
                    parent = one.get("parentId")
                    yield Page(
                        id=str(one["id"]),
                        title=str(one["title"]),
                        version=int(one["version"]["number"]),
                        parent=None if parent is None else str(parent),
                        readers=self._readers_of(str(one["id"])),
                        parent_kind=str(one.get("parentType") or "page"),
                    )

    def parent_of(self, page: Page) -> Page | None:
        if page.parent is None:
            return None
        kind = _CONTAINERS.get(page.parent_kind)
        if kind is None:  # a page that is not listed is one that may not be seen
            return Page(page.parent, "", 0, parent=None, readers=frozenset())
        address = f"{self._url}/api/v2/{kind}/{quote(page.parent, safe='')}"
        with _understood(address):
            one = self.connection.read_json(address)
            parent = one.get("parentId")
            return Page(
                id=page.parent,
                title=str(one["title"]),
                version=0,
                parent=None if parent is None else str(parent),
                readers=self._readers_of(page.parent),
                parent_kind=str(one.get("parentType") or "page"),
            )

    def attachments(self, page_id: str) -> Iterator[AttachedFile]:
        address = f"{self._url}/api/v2/pages/{quote(page_id, safe='')}/attachments"
        with _understood(address):
            for one in _listed(self.connection, self._url, address, {"status": "current"}):
                size = one.get("fileSize")
                yield AttachedFile(
                    name=str(one["title"]),
                    path=_path(one["downloadLink"]),
                    version=int(one["version"]["number"]),
                    size_bytes=None if size is None else int(size),
                )

    def body(self, page_id: str) -> tuple[str, str]:
        address = f"{self._url}/api/v2/pages/{quote(page_id, safe='')}"
        with _understood(address):
            page = self.connection.read_json(address, params={"body-format": "export_view"})
            return str(page["title"]), str(page["body"]["export_view"]["value"])

    def _readers_of(self, content_id: str) -> frozenset[str] | None:
        address = (
            f"{self._url}/rest/api/content/{quote(content_id, safe='')}"
            "/restriction/byOperation/read"
        )
        with _understood(address):
            asked = {"expand": "restrictions.user,restrictions.group"}
            try:
                return _stated_readers(
                    self.connection.read_json(address, params=asked)["restrictions"]
                )
            except SourceItemGoneError:  # deleted since it was listed: nobody's
                return frozenset()


def _listed(
    connection: Connection, url: str, first: str, asked: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """All results, page by page, as far as `_links.next` leads."""
    address: str | None = first
    params: dict[str, str | int] | None = {**asked, "limit": LISTED_AT_ONCE}
    while address is not None:
        answer = connection.read_json(address, params=params)
        yield from answer["results"]
        following = (answer.get("_links") or {}).get("next")
        address = None if not following else _next_address(url, str(following))
        params = None  # the address has them


def _next_address(url: str, following: str) -> str:
    """Data Center states it below its own address, Cloud below its host."""
    context = urlsplit(url).path
    within = following.startswith("/") and not following.startswith(f"{context}/")
    address = url + following if context and within else urljoin(f"{url}/", following)
    if urlsplit(address)[:2] != urlsplit(url)[:2]:
        raise SourceUnavailableError(
            f"{url} continues its list on another host ({place(address)[:200]}), which is refused"
        )
    return address


def _stated_readers(restrictions: Mapping[str, Any]) -> frozenset[str] | None:
    users = restrictions["user"]["results"]
    groups = restrictions["group"]["results"]
    named = {
        f"user:{user.get('accountId') or user.get('username') or user['userKey']}" for user in users
    } | {f"group:{group['name']}" for group in groups}
    return frozenset(named) or None


def _path(link: str) -> str:
    """Of a download, without its query: that names the version, and changes with it."""
    path = urlsplit(link).path
    if not path.startswith("/"):
        raise ValueError(f"{link[:200]} is no path")
    return path


@contextmanager
def _understood(address: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as exc:
        raise SourceUnavailableError(
            f"{place(address)} does not answer like Confluence ({type(exc).__name__}: "
            f"{str(exc)[:100]}); is the address right, and the edition?"
        ) from exc
