"""LaTeX: the text as it would be printed, with its sections, tables and notes."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.parsers.blocks import choose_title, clean_line, sensible_author
from ingestion.parsers.encoding import decode_text
from ingestion.parsers.latex_source import (
    MacroExpander,
    number_labels,
    read_argument,
    read_optional,
    strip_comments,
)
from ingestion.parsers.latex_walk import LatexWalk
from ingestion.parsers.latex_words import is_known

_ENCODING = re.compile(rb"\\usepackage\s*\[([\w-]{2,20})\]\s*\{inputenc\}")
_BEGIN, _END = r"\begin{document}", r"\end{document}"
_INCLUDED = re.compile(r"\\(?:input|include|subfile)\b")


def parse(path: Path, *, max_pages: int) -> ParsedDocument:  # noqa: ARG001 - the protocol
    """Read one source file. What it includes (\\input) is not followed: such files are
    documents of their own.

    Raises:
        ParseError: the bytes are no text, macros without end, nested too deeply, nothing but
            other files included.
    """
    data = path.read_bytes()
    declared = _ENCODING.search(data)
    named = declared.group(1).decode("ascii") if declared else ""
    source = decode_text(
        data, declared={"latin1": "latin-1", "applemac": "mac_roman"}.get(named, "")
    )
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    text = MacroExpander(is_known).expand(strip_comments(source))
    preamble, begun, body = text.partition(_BEGIN)
    if begun:
        body = body.partition(_END)[0]
    else:
        preamble, body = "", text
    walk = LatexWalk(number_labels(body))
    for name in ("title", "author", "date"):
        if match := re.search(rf"\\{name}\b", preamble):
            _, position = read_optional(preamble, match.end())
            walk.note_about(name, read_argument(preamble, position)[0])
    walk.read(body)
    if not walk.blocks.blocks and _INCLUDED.search(body):
        raise ParseError("it only includes other files: bring these in themselves")
    return ParsedDocument(
        title=choose_title(walk.about.get("title", ""), walk.blocks.blocks, path),
        blocks=tuple(walk.blocks.blocks),
        author=sensible_author(walk.about.get("author", "")),
        date=clean_line(walk.about.get("date", ""))[:40],
    )
