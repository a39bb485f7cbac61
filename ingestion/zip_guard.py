"""A look into an office file's zip before any parser opens it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from assistant.errors import ParseError

MOST_ENTRIES = 5000
MOST_BYTES = 256 * 2**20
MOST_XML_BYTES = 64 * 2**20
MOST_RATIO = 200
"""Bytes out for a byte in, for entries of more than `RATIO_FROM_BYTES`: text is packed to
about a tenth, a bomb to a thousandth."""
RATIO_FROM_BYTES = 8 * 2**20

_XML = (".xml", ".rels", ".vml")
_FORBIDDEN = tuple(
    mark.encode(encoding)
    for mark in ("<!DOCTYPE", "<!ENTITY")
    for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)
_BLOCK = 2**20
_FOLDERS = {"Word": "word/", "PowerPoint": "ppt/", "Excel": "xl/"}


def check_zip(path: Path, name: str) -> None:
    """Refuse a zip that is no office file of the announced kind or that could harm its reader.

    Every entry is unpacked once and its real bytes are counted: the sizes that the zip
    states are not believed.

    Args:
        name: "Word", "PowerPoint" or "Excel".
    Raises:
        ParseError: damaged, protected, another kind, or a bomb; says which.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as exc:
        raise ParseError(f"the {name} file is damaged or cut short ({exc})") from exc


def _check_entries(archive: zipfile.ZipFile, name: str) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise ParseError(f"unsafe: {len(entries)} entries in the file, {MOST_ENTRIES} allowed")
    total = 0
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if entry.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            raise ParseError(f"unsafe: an entry leads out of the file ({entry.filename[:80]!r})")
        if entry.flag_bits & 1:
            raise ParseError("protected by a password: save it without one")
        total += _measure(archive, entry, MOST_BYTES - total)
    if not any(entry.filename.startswith(_FOLDERS[name]) for entry in entries):
        kinds = [
            f"a {kind} file"
            for kind, folder in _FOLDERS.items()
            if any(entry.filename.startswith(folder) for entry in entries)
        ]
        raise ParseError(f"not a {name} file: it is {(*kinds, 'a zip archive')[0]}")


def _measure(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowed: int) -> int:
    """The entry's unpacked bytes, at most `allowed`."""
    is_xml = entry.filename.lower().endswith(_XML)
    limit = min(allowed, MOST_XML_BYTES) if is_xml else allowed
    size = 0
    tail = b""
    with archive.open(entry) as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > limit:
                raise ParseError(
                    f"unsafe: {entry.filename[:80]!r} unpacks to more than {limit >> 20} MiB"
                )
            if size > RATIO_FROM_BYTES and size > MOST_RATIO * max(1, entry.compress_size):
                raise ParseError(
                    f"unsafe: {entry.filename[:80]!r} unpacks to over {MOST_RATIO} times its size"
                )
            if is_xml:
                seen = tail + block
                if any(mark in seen for mark in _FORBIDDEN):
                    raise ParseError(
                        f"unsafe: {entry.filename[:80]!r} declares a document type or entities"
                    )
                tail = seen[-32:]
    return size
