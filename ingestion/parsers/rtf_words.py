"""The signs of the Rich Text Format (specification 1.9.1) that matter for reading."""

from __future__ import annotations

import re
from collections.abc import Iterator

SKIPPED = frozenset(
    """colortbl pict objdata header headerl headerr headerf footer footerl footerr footerf
    fldinst xe tc rxe txe sn sv annotation atnid atnauthor atrfstart atrfend bkmkstart bkmkend
    listtable listoverridetable rsidtbl generator themedata colorschememapping datastore
    latentstyles datafield nonshppict pnseclvl private operator company comment
    doccomm keywords subject manager category creatim revtim printim buptim ftnsep ftnsepc
    aftnsep aftnsepc ftncn aftncn filetbl revtbl template""".split()
)
"""Groups that hold nothing that a reader sees in the text."""
ASIDE = frozenset("fonttbl stylesheet footnote title author listtext pntext".split())
"""Groups whose text goes elsewhere."""
READ_ANYWAY = frozenset("shpinst shptxt ud footnote listtext".split())
"""Groups that a simple reader may pass over and that hold text."""
HIDDEN = frozenset(("v", "deleted"))
SIGNS = {
    "tab": "\t",
    "line": "\n",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "endash": "–",
    "emdash": "—",
    "enspace": " ",
    "emspace": " ",
    "~": "\u00a0",
    "_": "-",
    "\\": "\\",
    "{": "{",
    "}": "}",
}
CODE_PAGES = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
"""By the character set of a font."""

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?"
    rb"|\\'([0-9a-fA-F]{2})"
    rb"|\\([^a-zA-Z'])"
    rb"|([{}])"
    rb"|[\r\n]+"
    rb"|([^\\{}\r\n]+)"
    rb"|\\",
    re.DOTALL,
)
_PARAGRAPH_SIGNS = (b"\n", b"\r")

Token = tuple[str, str, int | None]
"""Kind ("open", "close", "word", "byte", "text"), its word or text, its number."""


def tokens_of(data: bytes) -> Iterator[Token]:
    """Cut a file into its tokens; embedded binary data is passed over."""
    position = data.find(b"{")
    while position < len(data):
        match = _TOKEN.match(data, position)
        if match is None:
            return
        position = match.end()
        word, number, byte, sign, brace, text = match.groups()
        if word is not None:
            if word == b"bin":
                position += max(0, int(number or 0))
                continue
            value = None if number is None else int(number)
            yield "word", word.decode("ascii"), value
        elif byte is not None:
            yield "byte", "", int(byte, 16)
        elif sign is not None:
            if sign in _PARAGRAPH_SIGNS:
                yield "word", "par", None
            else:
                yield "word", sign.decode("latin-1"), None
        elif brace is not None:
            yield ("open" if brace == b"{" else "close"), "", None
        elif text is not None:
            yield from _read_text(text)


def _read_text(text: bytes) -> Iterator[Token]:
    """Text is ASCII by the standard; programs that write other bytes mean the code page."""
    if text.isascii():
        yield "text", text.decode("ascii"), None
    else:
        for byte in text:
            yield "byte", "", byte
