"""Bytes to text."""

from __future__ import annotations

import codecs

import charset_normalizer

from assistant.errors import ParseError
from ingestion.parsers.content import is_binary

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = ["cp1252", "iso8859_15", "cp850", "mac_roman"]
_SAMPLE_BYTES = 65_536


def decode_text(data: bytes, *, declared: str = "") -> str:
    """Decode by byte order mark, else what the file declares, else UTF-8, else the likeliest
    of the encodings that French and English files are found in.

    Raises:
        ParseError: the bytes are no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if is_binary(data):
        raise ParseError("the file holds binary data, not text")
    for encoding in filter(None, (declared, "utf-8")):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    best = charset_normalizer.from_bytes(data[:_SAMPLE_BYTES], cp_isolation=_WESTERN).best()
    return data.decode(best.encoding if best is not None else "cp1252", "replace")
