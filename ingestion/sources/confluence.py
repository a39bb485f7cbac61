"""Confluence, Data Center and Cloud: the pages of a space, and what is attached to them."""

from __future__ import annotations

import html
from collections.abc import Generator, Iterator
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qs, quote, urlsplit

import httpx
from pydantic import Field, model_validator

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.parsers.base import format_of
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.confluence_rest import CloudRest, Page, Rest, ServerRest
from ingestion.sources.connection import Connection
from ingestion.sources.download import safe_name, write_file
from ingestion.sources.options import Options, ServiceAddress, Surroundings, read_secret

_VIEW = "/pages/viewpage.action?pageId="
MAX_ANCESTORS = 200


class ConfluenceOptions(Options):
    """One space."""

    url: ServiceAddress = Field(
        description="https://wiki.example.org, https://X.atlassian.net/wiki"
    )
    space: str = Field(pattern=r"^[A-Za-z0-9_~:.\-]{1,255}$", description="the space's key")
    edition: Literal["", "server", "cloud"] = Field("", description="else told by the address")
    user: str = Field(
        "", max_length=500, description="goes with the token (Cloud); without: a personal token"
    )
    token_env: str = Field("", description="environment variable that holds the token")
    token_file: str = Field("", description="file that holds the token, and nothing else")
    attachments: bool = Field(True, description="take attached files too")
    ca_file: str = Field("", description="certificates to trust (PEM), for a server of your own")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.token_env) == bool(self.token_file):
            raise ValueError("give token_env or token_file")
        return self

    @property
    def is_cloud(self) -> bool:
        host = urlsplit(self.url).hostname or ""
        return (self.edition or ("cloud" if host.endswith(".atlassian.net") else "")) == "cloud"


OPTIONS = ConfluenceOptions


class ConfluenceSource:
    """Pages as HTML; their version is the fingerprint.

    A page that is restricted, itself or by a page above it, states its readers as user:NAME and
    group:NAME. Where several restrictions stand above one another, only who is named in all of
    them reads it.
    """

    def __init__(self, options: ConfluenceOptions, rest: Rest, *, limit_bytes: int) -> None:
        self._options = options
        self._rest = rest
        self._limit_bytes = limit_bytes

    @property
    def address(self) -> str:
        return f"{self._options.url}/spaces/{quote(self._options.space)}"

    def items(self) -> Iterator[SourceItem]:
        try:
            # All of them first: a page may be listed before those above it.
            pages = list(self._rest.pages(self._options.space))
        except SourceItemGoneError as exc:
            raise SourceUnavailableError(
                f"{exc}; is {self._options.space} the key of a space that the account may read?"
            ) from exc
        known: dict[str, Page | None] = {page.id: page for page in pages}
        for page in pages:
            readers = self._readers(page, known)
            yield SourceItem(
                uri=f"{self._options.url}{_VIEW}{page.id}",
                name=f"{safe_name(page.title)}.html",
                fingerprint=f"version {page.version}",
                groups=readers,
            )
            if self._options.attachments:
                yield from self._attached(page, readers)

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        path = item.uri.removeprefix(self._options.url)
        if not path.startswith(_VIEW):
            return self._rest.connection.download(
                item.uri, folder, item.name, limit_bytes=self._limit_bytes, follow_redirects=True
            )
        title, body = self._rest.body(parse_qs(urlsplit(path).query)["pageId"][0])
        shown = html.escape(title)
        page = f"<!doctype html><title>{shown}</title><h1>{shown}</h1>{body}"
        content = page.encode(errors="replace")
        return write_file(folder, item.name, [content], limit_bytes=self._limit_bytes)

    def close(self) -> None:
        self._rest.connection.close()

    def _attached(self, page: Page, readers: frozenset[str] | None) -> Iterator[SourceItem]:
        with suppress(SourceItemGoneError):  # the page was deleted since it was listed
            for attached in self._rest.attachments(page.id):
                if format_of(attached.name):
                    yield SourceItem(
                        uri=self._options.url + attached.path,
                        name=attached.name,
                        fingerprint=f"version {attached.version}",
                        size_bytes=attached.size_bytes,
                        groups=readers,
                    )

    def _readers(self, page: Page, known: dict[str, Page | None]) -> frozenset[str] | None:
        """None: all who may read the space."""
        stated: list[frozenset[str]] = []
        current: Page | None = page
        for _ in range(MAX_ANCESTORS):
            if current is None:
                return reduce(frozenset.intersection, stated) if stated else None
            if current.readers is not None:
                stated.append(current.readers)
            if current.parent is not None and current.parent not in known:
                known[current.parent] = self._rest.parent_of(current)
            current = known[current.parent] if current.parent is not None else None
        return frozenset()  # pages above one another in a circle: nobody's


def open_source(options: ConfluenceOptions, surroundings: Surroundings) -> Source:
    """Raises SourceUnavailableError: the token is not where the options say."""
    token = read_secret(options.token_env, options.token_file, option="token")
    auth = httpx.BasicAuth(options.user, token) if options.user else _Bearer(token)
    connection = Connection(auth=auth, ca_file=options.ca_file)
    edition = CloudRest if options.is_cloud else ServerRest
    return ConfluenceSource(
        options, edition(options.url, connection), limit_bytes=surroundings.max_file_bytes
    )


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
