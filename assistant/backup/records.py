"""What stands inside a backup: records of a kind and a length, one behind the other.

    opening, then for each table: table, rows ..., then for each file: file, data ..., end;
    last the manifest.

Rows are JSON arrays and each table says of what kind its columns are, so that they can be put
into any database, also by a later Philo whose tables are others.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from enum import Enum
from typing import Any, BinaryIO

from pydantic import ValidationError

from assistant.backup.sealed import SealedReader, SealedWriter
from assistant.backup.types import FORMAT, Manifest, Opening
from assistant.errors import BackupDamagedError, BackupError

HEAD = struct.Struct(">cI")
BLOCK_BYTES = 2**20
MOST_RECORD_BYTES = 2**31 - 1


class Kind(Enum):
    OPENING = b"O"
    TABLE = b"T"
    ROWS = b"R"
    FILE = b"F"
    DATA = b"D"
    END = b"E"
    MANIFEST = b"M"


class RecordWriter:
    """Counts and hashes what it writes; `finish` writes that down as the manifest."""

    def __init__(self, sealed: SealedWriter, opening: Opening) -> None:
        self._sealed = sealed
        self._rows: dict[str, int] = {}
        self._tables: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._put(Kind.OPENING, opening.model_dump_json().encode())

    def write_table(self, name: str, columns: dict[str, str], batches: Iterator[list[Any]]) -> None:
        """
        Args:
            columns: name -> kind; see `rows.py`.
            batches: rows in portions, each an array in the order of the columns.
        """
        digest = hashlib.sha256()
        self._put(Kind.TABLE, json.dumps({"name": name, "columns": columns}).encode())
        self._rows[name] = 0
        for batch in batches:
            coded = json.dumps(batch, ensure_ascii=False, separators=(",", ":"))
            payload = coded.encode("utf-8", "surrogatepass")
            digest.update(payload)
            self._put(Kind.ROWS, payload)
            self._rows[name] += len(batch)
        self._tables[name] = digest.hexdigest()

    def write_file(self, name: str, source: BinaryIO) -> tuple[str, int]:
        """Its SHA-256 and its size."""
        digest, size = hashlib.sha256(), 0
        self._put(Kind.FILE, name.encode())
        while block := source.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            self._put(Kind.DATA, block)
        self._put(Kind.END, digest.digest())
        return digest.hexdigest(), size

    def note_file(self, name: str, sha256: str) -> None:
        self._files[name] = sha256

    def finish(
        self, *, originals: int, original_bytes: int, lost_originals: tuple[str, ...]
    ) -> None:
        manifest = Manifest(
            rows=self._rows,
            tables=self._tables,
            files=self._files,
            originals=originals,
            original_bytes=original_bytes,
            lost_originals=lost_originals,
        )
        self._put(Kind.MANIFEST, manifest.model_dump_json().encode())
        self._sealed.finish()

    def _put(self, kind: Kind, payload: bytes) -> None:
        self._sealed.write(HEAD.pack(kind.value, len(payload)))
        self._sealed.write(payload)


class RecordReader:
    """The records of a backup in order.

    Raises:
        BackupError: it is of a newer Philo.
        BackupDamagedError: it is not what a backup looks like.
    """

    def __init__(self, sealed: SealedReader) -> None:
        self._sealed = sealed
        kind, payload = self.next()
        if kind is not Kind.OPENING:
            raise strange("it has no opening")
        stated = json.loads(payload)
        if stated.get("format", FORMAT) != FORMAT:
            raise BackupError(
                f"the backup has format {stated['format']}, this Philo reads {FORMAT}: it was made "
                f"by Philo {stated.get('philo')}; update Philo"
            )
        try:
            self.opening = Opening.model_validate(stated)
        except ValidationError as exc:
            raise strange("its opening cannot be read") from exc

    def next(self) -> tuple[Kind, bytes]:
        mark, length = HEAD.unpack(self._sealed.read(HEAD.size))
        try:
            kind = Kind(mark)
        except ValueError as exc:
            raise strange(f"a record of kind {mark!r}") from exc
        if length > MOST_RECORD_BYTES:
            raise strange(f"a record of {length} bytes")
        return kind, self._sealed.read(length)

    def read_manifest(self, payload: bytes) -> Manifest:
        """The last record; nothing may come behind it."""
        self._sealed.expect_end()
        try:
            return Manifest.model_validate_json(payload)
        except ValidationError as exc:
            raise strange("its manifest cannot be read") from exc


def strange(what: str) -> BackupDamagedError:
    return BackupDamagedError(
        f"the backup is not put together as this Philo does it ({what}); nothing was changed. "
        "Update Philo, or take another backup"
    )
