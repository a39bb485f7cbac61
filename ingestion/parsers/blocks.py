"""What all parsers share: clean text, blocks, tables as Markdown, the choice of a title."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.types import Block, BlockKind, Line

_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # lone surrogates, no characters
    "\u00ad\u200b\u2060\ufeff"  # soft hyphen, characters without width
    "\u202a-\u202e\u2066-\u2069"  # changes of writing direction, used to hide text
    "\ue000-\uf8ff]"  # private use: what a reader sees is not known
)
_BULLETS = str.maketrans({"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "•", "\uf0fc": "•"})
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


RAISED = dict(zip("0123456789-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻", strict=True))
_POWERED = re.compile(r"(?:\d|(?<!\w)(?:[^\W\d_]|[cdkmnµμ]m))[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]*$")


def takes_exponent(before: str) -> bool:
    """Whether raised digits behind this are an exponent: it ends with a number, a unit of length
    or a variable of one letter. Behind words they are the mark of a note."""
    return _POWERED.search(before[-24:]) is not None


def raise_digits(text: str, *, before: str) -> str:
    """Text set in superscript as it is kept: exponents in Unicode's raised digits, so that 10²⁰
    is not read as 1020; all else as it is."""
    bare = text.strip()
    if bare and all(letter in RAISED for letter in bare) and takes_exponent(before):
        return "".join(RAISED[letter] for letter in bare)
    return text


def clean_text(text: str) -> str:
    """NFC, newlines as \\n, without control characters and lone surrogates."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_BULLETS))
    return _UNWANTED.sub("", _BREAKS.sub("\n", text))


def clean_line(text: str) -> str:
    """Clean text on one line, runs of white space as one space."""
    return " ".join(clean_text(text).split())


class BlockList:
    """Collects the blocks of a format without geometry: one line a block."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.page = 1

    def add(self, kind: BlockKind, text: str, *, level: int = 0, page: int | None = None) -> None:
        """Append a block, on the current page unless told; one without text is passed over."""
        text = clean_text(text).strip()
        if kind in (BlockKind.HEADING, BlockKind.TITLE):
            text = " ".join(text.split())
        if text:
            self.blocks.append(Block(kind, text, (Line(0, page or self.page),), level))

    def add_heading(self, text: str, level: int, *, page: int | None = None) -> None:
        self.add(BlockKind.HEADING, text, level=max(1, min(9, level)), page=page)

    def add_table(self, rows: Sequence[Sequence[str]], *, page: int | None = None) -> None:
        self.add(BlockKind.TABLE, markdown_table(rows), page=page)

    def pages_without_text(self, pages: int) -> tuple[int, ...]:
        with_text = {block.page for block in self.blocks}
        return tuple(page for page in range(1, pages + 1) if page not in with_text)


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as a Markdown table whose first row is the header.

    Empty rows and columns are left out. "" where no cell has text; a single cell is
    plain text, not a table.
    """
    cells = [[_clean_cell(cell) for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    width = max((len(row) for row in cells), default=0)
    cells = [row + [""] * (width - len(row)) for row in cells]
    used = [column for column in range(width) if any(row[column] for row in cells)]
    cells = [[row[column] for column in used] for row in cells]
    if not cells:
        return ""
    if len(cells) == 1 and len(used) == 1:
        return cells[0][0]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "|" + "---|" * len(used))
    return "\n".join(lines)


def _clean_cell(cell: str) -> str:
    return clean_line(cell).replace("|", "\\|")


_POOR_TITLE = re.compile(
    r"(?:untitled|sans titre|no title|title|titre|unknown|none|null|document|presentation|"
    r"présentation|powerpoint presentation|présentation powerpoint|word document|slide|"
    r"diapositive|book|classeur|feuil|sheet|page|template|modèle)[\s_-]*\d*"
    r"|.*\.(?:docx?|pptx?|xlsx?|pdf|tex|dvi|indd|qxd|fm|ps|rtf|odt|html?|md|txt)"
    r"|microsoft (?:word|powerpoint|excel)\b.*|arxiv:.*|[\W\d_]*|[0-9a-f-]{16,}",
    re.IGNORECASE,
)


def sensible_title(title: str) -> str:
    """A title from a file's metadata, cleaned; "" where it is one that programs fill in."""
    title = clean_line(title)
    if not 3 <= len(title) <= 250 or _POOR_TITLE.fullmatch(title):
        return ""
    return title


def choose_title(metadata: str, blocks: Iterable[Block], path: Path) -> str:
    """The metadata's title if it is sensible, else the title block, else the first heading
    of the first page, else the file's name in words."""
    if title := sensible_title(metadata):
        return title
    blocks = list(blocks)
    for kind in (BlockKind.TITLE, BlockKind.HEADING):
        for block in blocks:
            if block.kind is kind and block.page == blocks[0].page and len(block.text) <= 250:
                return block.text
    return title_from_name(path.name)


def title_from_name(name: str) -> str:
    """'2024_rapport-annuel.pdf' -> '2024 rapport annuel'."""
    stem = clean_line(Path(name).stem)
    return " ".join(re.sub(r"[_\-+]+", " ", stem).split()) or stem or "document"


_PLACEHOLDER_AUTHOR = re.compile(
    r"(?:anonymous|unknown|user|utilisateur|admin(?:istrator)?|author|auteur|python-docx|"
    r"openpyxl|steve canny|\(?unspecified\)?)?",
    re.IGNORECASE,
)


def sensible_author(author: str) -> str:
    """An author from a file's metadata, cleaned; "" where it is a program's default."""
    author = clean_line(author)[:250]
    return "" if _PLACEHOLDER_AUTHOR.fullmatch(author) else author
