"""WebDAV folders (RFC 4918): Nextcloud, ownCloud, file servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element
from xml.etree.ElementTree import ParseError as XmlError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import Field, model_validator

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.parsers.base import format_of
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.connection import Connection, place
from ingestion.sources.options import PasswordOptions, ServiceAddress, Surroundings

MAX_FOLDERS = 200_000
_PROPFIND = (
    b'<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>'
    b"<resourcetype/><getetag/><getlastmodified/><getcontentlength/></prop></propfind>"
)


class WebDavOptions(PasswordOptions):
    """One folder with all below it.

    On Nextcloud: url=https://cloud.example.org/remote.php/dav/files/USER/FOLDER.
    """

    url: ServiceAddress = Field(description="of the folder")
    ca_file: str = Field("", description="certificates to trust (PEM), for a server of your own")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.user) != self.has_password:
            raise ValueError("give user and password_env (or password_file), or neither")
        return self


OPTIONS = WebDavOptions


class WebDavSource:
    """ETags are fingerprints. WebDAV has no word for readers that servers agree on."""

    def __init__(self, options: WebDavOptions, connection: Connection, *, limit_bytes: int) -> None:
        self._root = f"{options.url}/"
        self._connection = connection
        self._limit_bytes = limit_bytes

    @property
    def address(self) -> str:
        return self._root

    def items(self) -> Iterator[SourceItem]:
        waiting, seen = [self._root], {_path(self._root)}
        while waiting:
            folder = waiting.pop()
            for entry in self._entries(folder):
                url = urljoin(folder, entry.findtext("{DAV:}href", "").strip())
                path = _path(url)
                if path == _path(folder):
                    continue
                if not path.startswith(_path(folder)) or not _same_origin(url, folder):
                    raise SourceUnavailableError(
                        f"{place(folder)} lists {place(url)[:200]}, which is not in it; name the "
                        "folder by the address that the server itself uses"
                    )
                found = _properties(entry)
                if found.find("{DAV:}resourcetype/{DAV:}collection") is not None:
                    if path.rstrip("/") not in seen:
                        seen.add(path.rstrip("/"))
                        waiting.append(f"{url.rstrip('/')}/")
                    if len(seen) > MAX_FOLDERS:
                        raise SourceUnavailableError(
                            f"{self._root} has more than {MAX_FOLDERS} folders; name one of them"
                        )
                elif format_of(name := path.rsplit("/", 1)[-1]):
                    yield _item(url, name, found)

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        return self._connection.download(item.uri, folder, item.name, limit_bytes=self._limit_bytes)

    def close(self) -> None:
        self._connection.close()

    def _entries(self, folder: str) -> list[Element]:
        """What the server says of a folder and of each thing directly in it."""
        try:
            answer = self._connection.read(
                "PROPFIND",
                folder,
                content=_PROPFIND,
                headers={"Depth": "1", "Content-Type": "application/xml"},
            )
        except SourceItemGoneError as exc:
            if folder != self._root:  # removed since its parent was listed
                return []
            raise SourceUnavailableError(f"There is no folder {place(folder)}.") from exc
        if answer.status_code != 207:
            raise SourceUnavailableError(
                f"{place(folder)} does not speak WebDAV (it answers {answer.status_code})"
            )
        try:
            tree = fromstring(answer.content, forbid_dtd=True)
        except (XmlError, DefusedXmlException, ValueError) as exc:
            reason = str(exc)[:200] or type(exc).__name__
            raise SourceUnavailableError(
                f"{place(folder)} answers with XML that cannot be read ({reason})"
            ) from exc
        return list(tree.iterfind("{DAV:}response"))


def open_source(options: WebDavOptions, surroundings: Surroundings) -> Source:
    """Raises SourceUnavailableError: the password is not where the options say."""
    auth = (options.user, options.read_password()) if options.has_password else None
    connection = Connection(auth=auth, ca_file=options.ca_file)
    return WebDavSource(options, connection, limit_bytes=surroundings.max_file_bytes)


def _properties(entry: Element) -> Element:
    """The properties that the server could tell (status 200)."""
    for stated in entry.iterfind("{DAV:}propstat"):
        if " 200" in stated.findtext("{DAV:}status", ""):
            found = stated.find("{DAV:}prop")
            if found is not None:
                return found
    return Element("{DAV:}prop")


def _item(url: str, name: str, found: Element) -> SourceItem:
    size = found.findtext("{DAV:}getcontentlength", "")
    etag = found.findtext("{DAV:}getetag", "").strip()
    changed = found.findtext("{DAV:}getlastmodified", "")
    return SourceItem(
        uri=url,
        name=name,
        fingerprint=etag or f"{changed} {size}",
        size_bytes=int(size) if size.isdecimal() else None,
    )


def _path(url: str) -> str:
    return unquote(urlsplit(url).path)


def _same_origin(one: str, other: str) -> bool:
    return urlsplit(one)[:2] == urlsplit(other)[:2]
