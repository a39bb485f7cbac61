"""The file that a document was read from, where its very bytes are still at hand."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from sqlalchemy import select

from assistant.errors import OriginalGoneError
from assistant.knowledge.database import Database
from assistant.knowledge.originals import Originals
from assistant.knowledge.reading import not_found
from assistant.knowledge.tables import DocumentRow, VersionRow
from assistant.knowledge.visibility import is_readable
from assistant.types import Readable

KNOWN_HASHES = 256

_State = tuple[int, int, int, int]
"""(inode, size, modified, changed): a file that was changed has another one."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """`path` holds exactly the bytes with that SHA-256. `name` is what it was called."""

    path: Path
    sha256: str
    name: str
    media_type: str
    pages: int


class DocumentFiles:
    """Uploads and attachments are kept; a file from a folder is read where it lies, as long as it
    is the one that was brought in. From any thread."""

    def __init__(self, database: Database, originals: Originals) -> None:
        self._database = database
        self._originals = originals
        self._hashes: OrderedDict[Path, tuple[_State, str]] = OrderedDict()

    def find(self, document_id: str, readable: Readable) -> DocumentFile:
        """
        Raises:
            DocumentNotFoundError: there is none, or none that the reader may see.
            OriginalGoneError: its bytes are not at hand: changed, moved, or never kept.
        """
        query = (
            select(
                DocumentRow.uri,
                VersionRow.original,
                VersionRow.content_sha256,
                VersionRow.media_type,
                VersionRow.pages,
            )
            .join(VersionRow, VersionRow.id == DocumentRow.published_version_id)
            .where(DocumentRow.id == document_id, is_readable(readable))
        )
        with self._database.reading() as session:
            row = session.execute(query).one_or_none()
        if row is None:
            raise not_found(document_id)
        return DocumentFile(
            path=self._path(row.uri, row.original, row.content_sha256),
            sha256=row.content_sha256,
            name=unquote(row.uri.rstrip("/").rsplit("/", 1)[-1]),
            media_type=row.media_type,
            pages=row.pages,
        )

    def _path(self, uri: str, original: str | None, sha256: str) -> Path:
        if original is not None:
            path = self._originals.path(original)
            if not path.is_file():
                raise OriginalGoneError("the file is not kept any more; bring it in again")
            return path
        if not uri.startswith("file:"):
            raise OriginalGoneError("only the text of this document is kept, not its file")
        path = Path(url2pathname(urlsplit(uri).path))
        try:
            found = self._hash(path)
        except OSError as exc:
            raise OriginalGoneError(
                f"the file cannot be read where it was ({exc.strerror}); bring its folder in again"
            ) from exc
        if found != sha256:
            raise OriginalGoneError(
                "the file has changed since it was brought in; bring its folder in again"
            )
        return path

    def _hash(self, path: Path) -> str:
        """SHA-256, computed anew only for a file that has changed."""
        with path.open("rb") as stream:
            state = _state(os.fstat(stream.fileno()))
            known = self._hashes.get(path)
            if known is not None and known[0] == state:
                return known[1]
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self._hashes[path] = (state, digest)
        while len(self._hashes) > KNOWN_HASHES:
            self._hashes.popitem(last=False)
        return digest


def _state(status: os.stat_result) -> _State:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
