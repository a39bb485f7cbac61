"""What a file's bytes say that it is, whatever its name says."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from assistant.errors import ParseError

Container = Literal["pdf", "zip", "ole", "rtf", "text", "any", "image"]

HEAD_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (_OLE, "an old Office file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"RIFF", "a WebP image or another RIFF file"),
    (b"BM", "a BMP image"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"RIFF", b"BM")
_MARKUP = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body)\b", re.IGNORECASE)


def check_content(path: Path, name: str, container: Container, *, max_file_bytes: int) -> None:
    """Refuse a file whose bytes cannot be what its name announces.

    Args:
        name: of the announced format, for the message.
        container: what its bytes must be; "any" asks nothing of them.
    Raises:
        ParseError: empty, too large, or something else; says what it really is.
    """
    size = path.stat().st_size
    if size == 0:
        raise ParseError("the file is empty (0 bytes)")
    if size > max_file_bytes:
        raise ParseError(
            f"the file has {size / 2**20:.1f} MiB, more than the {max_file_bytes / 2**20:.1f} MiB "
            "allowed (setting ingest.max_file_bytes)"
        )
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not _CONTENT_FITS[container](head):
        if container == "zip" and head.startswith(_OLE):
            raise ParseError(_describe_old_office(path, name))
        content = describe_content(head)
        raise ParseError(f"not {with_article(name)} file: it is {content}; {_advise(content)}")


_CONTENT_FITS: dict[Container, Callable[[bytes], bool]] = {
    "pdf": lambda head: b"%PDF-" in head[:1024],
    "zip": lambda head: head.startswith(b"PK"),
    "ole": lambda head: head.startswith(_OLE),
    "rtf": lambda head: head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf"),
    "image": lambda head: head.startswith(_IMAGES),
    "text": lambda head: not is_binary(head),
    "any": lambda head: True,  # noqa: ARG005 - the others look at it
}


def _describe_old_office(path: Path, name: str) -> str:
    """Office programs put a file that they encrypt into the container of their old formats."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            return "protected by a password: save it without one"
    return f"not {with_article(name)} file: it is an old Office file; save it as {name}"


def _advise(content: str) -> str:
    if content == "an HTML page" or any(content == kind for _, kind in _SIGNATURES):
        return "name it as what it is"
    return "it may be damaged: take it from its source again"


def with_article(name: str) -> str:
    """'ODT' -> 'an ODT', 'Word' -> 'a Word'."""
    spelled = name.isupper() and name[0] in "AEFHILMNORSX"
    return f"{'an' if spelled or name[0] in 'AEIOaeio' else 'a'} {name}"


def describe_content(head: bytes) -> str:
    """Name the kind of file that begins with `head`, for messages."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if not head.strip(b"\0"):
        return "nothing but zero bytes"
    if _MARKUP.match(head):
        return "an HTML page"
    return "binary data" if is_binary(head) else "plain text"


def is_binary(head: bytes) -> bool:
    """Whether bytes are no text in any encoding: a signature of something else, zero bytes
    outside of UTF-16 and UTF-32, or more than one control character in fifty."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0\0\xfe\xff")):
        return False
    if head.startswith(tuple(signature for signature, _ in _SIGNATURES if not signature.isalnum())):
        return not head.startswith(b"{\\rtf")
    if b"\0" in head:
        return True
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return controls * 50 > len(head)
