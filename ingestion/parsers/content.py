"""What a file's bytes say that it is, whatever its name says."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.errors import ParseError

HEAD_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (_OLE, "an old Office file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_MARKUP = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body)\b", re.IGNORECASE)


def check_content(path: Path, name: str, container: str, *, max_file_bytes: int) -> None:
    """Refuse a file whose bytes cannot be what its name announces.

    Args:
        name: of the announced format, for the message.
        container: "pdf", "zip" or "text".
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
    if container == "pdf" and b"%PDF-" not in head[:1024]:
        raise ParseError(f"not a {name} file: it is {describe_content(head)}")
    if container == "zip" and not head.startswith(b"PK"):
        if head.startswith(_OLE):
            raise ParseError(
                f"protected by a password or saved in an old Office format: save it as a "
                f"{name} file without password"
            )
        raise ParseError(f"not a {name} file: it is {describe_content(head)}")
    if container == "text" and is_binary(head):
        raise ParseError(f"not a {name} file: it is {describe_content(head)}")


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
    if head.startswith(tuple(signature for signature, _ in _SIGNATURES if signature != b"MZ")):
        return not head.startswith(b"{\\rtf")
    if b"\0" in head:
        return True
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return controls * 50 > len(head)
