"""A look into the zip of an office file or a book before any parser opens it."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from pathlib import Path

from assistant.errors import ParseError
from ingestion.parsers.content import with_article

MOST_ENTRIES = 5000
MOST_BYTES = 256 * 2**20
MOST_XML_BYTES = 64 * 2**20
MOST_RATIO = 200
"""Bytes out for a byte in, for entries of more than `RATIO_FROM_BYTES`: text is packed to
about a tenth, a bomb to a thousandth."""
RATIO_FROM_BYTES = 8 * 2**20

_XML = (".xml", ".rels", ".vml", ".opf", ".ncx")
_DOCUMENT_TYPE = b"<!DOCTYPE"
_ENTITY = b"<!ENTITY"
_BLOCK = 2**20
_FOLDERS = {"Word": "word/", "PowerPoint": "ppt/", "Excel": "xl/"}
_MEDIA_TYPES = {
    b"application/vnd.oasis.opendocument.text": "ODT",
    b"application/vnd.oasis.opendocument.spreadsheet": "ODS",
    b"application/vnd.oasis.opendocument.presentation": "ODP",
    b"application/epub+zip": "EPUB",
}


def check_zip(path: Path, name: str) -> None:
    """Refuse a zip that is no file of the announced kind or that could harm its reader.

    Every entry is unpacked once and its real bytes are counted: the sizes that the zip
    states are not believed. Archives inside of it are not opened.

    Args:
        name: "Word", "PowerPoint", "Excel", "ODT", "ODS", "ODP" or "EPUB".
    Raises:
        ParseError: damaged, protected, another kind, or a bomb; says which.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, name)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        NotImplementedError,
        ValueError,
        OSError,
    ) as exc:
        raise ParseError(
            f"the {name} file is damaged or cut short ({exc}): take it from its source again"
        ) from exc


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
        forbidden = (_ENTITY,) if name in _MEDIA_TYPES.values() else (_DOCUMENT_TYPE, _ENTITY)
        total += _measure(archive, entry, MOST_BYTES - total, forbidden)
    found = _kind(archive, entries)
    if found != name:
        kind = f"{with_article(found)} file" if found else "a zip archive"
        raise ParseError(f"not {with_article(name)} file: it is {kind}; name it as what it is")


def _kind(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str:
    """What the entries say that the file is; "" where it is none of those that Philo reads."""
    for kind, folder in _FOLDERS.items():
        if any(entry.filename.startswith(folder) for entry in entries):
            return kind
    for entry in entries:
        if entry.filename == "mimetype":
            with archive.open(entry) as stream:
                stated = stream.read(200).strip().removesuffix(b"-template")
            return _MEDIA_TYPES.get(stated, "")
    return ""


def _measure(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowed: int, forbidden: tuple[bytes, ...]
) -> int:
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
                # Without its zero bytes, UTF-16 reads like ASCII.
                seen = (tail + block).replace(b"\0", b"")
                if any(mark in seen for mark in forbidden):
                    raise ParseError(
                        f"unsafe: {entry.filename[:80]!r} declares a document type or entities"
                    )
                tail = seen[-32:]
    return size
