"""Expanded LaTeX becomes blocks."""

from __future__ import annotations

import re

from assistant.errors import ParseError
from assistant.types import BlockKind
from ingestion.parsers.blocks import BlockList, clean_line
from ingestion.parsers.latex_signs import SIGNS, accented, is_accent, join_ligatures, math_text
from ingestion.parsers.latex_source import (
    Numbering,
    environment_body,
    read_argument,
    read_optional,
    read_past_option,
)
from ingestion.parsers.latex_table import read_table
from ingestion.parsers.latex_words import (
    ABOUT,
    AUTHOR_BREAK,
    CITES,
    CODE,
    DROPPED,
    ENVIRONMENT_ARGUMENTS,
    FIRST_DROPPED,
    FLOATS,
    LEVELS,
    LISTS,
    MATH,
    NOTES,
    NUMBERED_LISTS,
    REFS,
    TABLES,
    UNREAD,
)

MOST_DEPTH = 60
"""Environments, notes and cells in one another."""

_LENGTH = re.compile(r"\s*=?\s*-?\d*\.?\d+\s*(?:pt|cm|mm|em|ex|in|sp|pc|bp)\b")
_TOKEN = re.compile(
    r"\\(?P<name>[a-zA-Z@]+)(?P<star>\*?)[ \t]*(?:\n(?![ \t]*\n)[ \t]*)?"
    r"|\\(?P<sign>.)|(?P<math>\$\$?)|(?P<brace>[{}])|(?P<end>\n[ \t]*\n\s*)"
    r"|(?P<mark>[~&#])|(?P<plain>[^\\${}\n~&#]+|\n)|\\",
    re.DOTALL,
)


class LatexWalk:
    """Walks over a document's text and collects blocks.

    Args:
        numbering: of the same text.
    """

    def __init__(self, numbering: Numbering) -> None:
        self.blocks = BlockList()
        self.about: dict[str, str] = {}
        self._numbers = iter(numbering.sections)
        self._labels = numbering.labels
        self._parts: list[str] = []
        self._notes: list[str] = []
        self._inline = 0
        self._item_number: int | None = None
        self._float = ""
        self._floats = dict.fromkeys(FLOATS, 0)
        self._kind, self._mark = BlockKind.PARAGRAPH, ""

    def read(self, text: str) -> None:
        """
        Raises:
            ParseError: nested too deeply.
        """
        self._run(text, 0)
        self._flush()

    def note_about(self, name: str, source: str) -> None:
        """Keep title, author or date."""
        kept = self._notes
        self._notes = []
        text = self.inline(source, 0)
        self._notes = kept
        if name == "author":
            text = ", ".join(filter(None, (clean_line(one) for one in text.split(AUTHOR_BREAK))))
        self.about[name] = clean_line(text)

    def inline(self, source: str, depth: int) -> str:
        """The text of an argument, on one line."""
        outer, self._parts = self._parts, []
        self._inline += 1
        self._run(source, depth + 1)
        self._inline -= 1
        text, self._parts = "".join(self._parts), outer
        return " ".join(text.replace("\n", " ").split(" "))

    def add_table(self, rows: list[list[str]]) -> None:
        if self._inline:
            self._parts.append(" ".join(cell for row in rows for cell in row))
        else:
            self._flush()
            self.blocks.add_table(rows)

    def _run(self, text: str, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise ParseError(f"unsafe: LaTeX nested more than {MOST_DEPTH} deep")
        position = 0
        while match := _TOKEN.match(text, position):
            position = match.end()
            if name := match["name"]:
                position = self._command(name, bool(match["star"]), text, position, depth)
            elif sign := match["sign"]:
                position = self._sign(sign, text, position)
            elif fence := match["math"]:
                position = self._formula(text, position, fence)
            elif match["end"]:
                self._flush()
            elif mark := match["mark"]:
                self._parts.append(" " if mark in "~&" else mark)
            elif plain := match["plain"]:
                self._parts.append(join_ligatures(plain))

    def _sign(self, sign: str, text: str, position: int) -> int:
        if sign in "([":
            return self._formula(text, position, "\\)" if sign == "(" else "\\]")
        if sign == "\\":
            _, position = read_optional(text, position)
            self._parts.append("\n")
        elif is_accent(sign):
            letter, position = read_argument(text, position)
            self._parts.append(accented(sign, letter))
        elif sign not in "/!-@":
            self._parts.append(" " if sign in " ,;:\n\t" else sign)
        return position

    def _formula(self, text: str, position: int, fence: str) -> int:
        end = position
        while (end := text.find(fence, end)) >= 0 and fence[0] == "$" and text[end - 1] == "\\":
            end += 1
        if end < 0:
            end = len(text)
        self._parts.append(math_text(text[position:end]))
        return end + len(fence)

    def _command(self, name: str, starred: bool, text: str, position: int, depth: int) -> int:
        if name == "begin":
            return self._environment(text, position, depth)
        if name in LEVELS:
            return self._section(name, starred, text, position, depth)
        if name in ("item", "bibitem"):
            return self._item(name, text, position, depth)
        if name in SIGNS:
            self._parts.append(SIGNS[name])
            return position
        if name in DROPPED:
            return self._drop(DROPPED[name], text, position)
        if name in FIRST_DROPPED:
            return self._drop(1, text, position)
        if name in ("par", "newpage", "clearpage", "bigskip", "medskip", "smallskip"):
            self._flush()
            return position
        if name == "and":
            self._parts.append(AUTHOR_BREAK if self._inline else " · ")
            return position
        if name == "maketitle":
            self._make_title()
            return position
        if is_accent(name) and text[position : position + 1] == "{":
            letter, position = read_argument(text, position)
            self._parts.append(accented(name, letter))
            return position
        return self._command_with_text(name, text, position, depth)

    def _command_with_text(self, name: str, text: str, position: int, depth: int) -> int:
        """Commands whose argument is text for some other place, or names of things."""
        if name in ABOUT or name in NOTES or name in ("caption", "captionof", "frametitle"):
            _, position = read_optional(text, position)
            if name == "captionof":
                _, position = read_argument(text, position)
            source, position = read_argument(text, position)
            if name in ABOUT:
                self.note_about(name, source)
            elif name in NOTES:
                self._notes.append(self.inline(source, depth))
            elif name.startswith("caption"):
                self._add(BlockKind.CAPTION, self._float + self.inline(source, depth))
            else:
                self._add_heading(self.inline(source, depth), 3)
        elif CITES.fullmatch(name):
            first, position = read_optional(text, position)
            second, position = read_optional(text, position)
            keys, position = read_argument(text, position)
            if not name.startswith("no"):
                said = [clean_line(keys.replace(",", ", ")), self.inline(second or first, depth)]
                self._parts.append(f"[{', '.join(filter(None, said))}]")
        elif name in REFS:
            key, position = read_argument(text, position)
            number, kind = self._labels.get(key.strip(), (key, ""))
            named = name in ("autoref", "cref", "Cref") and kind
            shown = f"({number})" if name == "eqref" else number
            self._parts.append(f"{kind} {shown}" if named else shown)
        elif name == "url":
            address, position = read_argument(text, position)
            self._parts.append(address)
        elif name == "verb" and position < len(text):
            end = text.find(text[position], position + 1)
            end = end if end > 0 else len(text)
            self._parts.append(text[position + 1 : end])
            position = end + 1
        else:  # what it does to its text is for the eye; its options are no text
            _, position = read_optional(text, position)
            if length := _LENGTH.match(text, position):
                position = length.end()
        return position

    def _drop(self, arguments: int, text: str, position: int) -> int:
        _, position = read_optional(text, position)
        for left in range(arguments, 0, -1):
            here = text[position : position + 1]
            if here == "{" or (here == "\\" and left > 1):  # \setlength\parskip{2pt}
                _, position = read_argument(text, position)
        return position

    def _section(self, name: str, starred: bool, text: str, position: int, depth: int) -> int:
        _, position = read_optional(text, position)
        source, position = read_argument(text, position)
        number = next(self._numbers, "") if LEVELS[name] <= 4 else ""
        self._flush()
        title = self.inline(source, depth)
        self._add_heading(f"{'' if starred else number} {title}", LEVELS[name])
        return position

    def _item(self, name: str, text: str, position: int, depth: int) -> int:
        self._flush()
        label, position = read_optional(text, position)
        if name == "bibitem":
            key, position = read_argument(text, position)
            self._kind, self._mark = BlockKind.REFERENCE, f"[{self.inline(label, depth) or key}] "
        else:
            self._kind = BlockKind.LIST_ITEM
            self._mark = "- "
            if label:
                self._mark = f"- {self.inline(label, depth)} "
            elif self._item_number is not None:
                self._item_number += 1
                self._mark = f"{self._item_number}. "
        return position

    def _environment(self, text: str, position: int, depth: int) -> int:
        name, position = read_argument(text, position)
        body, end = environment_body(text, position, name)
        name = name.strip().removesuffix("*")
        if name in UNREAD:
            return end
        if name in MATH:
            self._parts.append(f"\n{math_text(body)}\n")
        elif name in CODE:
            self._flush()
            options, begins = read_optional(body, 0)
            self._add(BlockKind.CODE, body[begins if options else 0 :].strip("\n"))
        elif name in TABLES:
            read_table(name, body, self, depth)
        elif name in LISTS:
            self._flush()
            outer = self._kind, self._mark, self._item_number
            self._item_number = 0 if name in NUMBERED_LISTS else None
            self._run(read_past_option(body), depth + 1)
            self._flush()
            self._kind, self._mark, self._item_number = outer
        else:
            self._read_plain_environment(name, body, depth)
        return end

    def _read_plain_environment(self, name: str, body: str, depth: int) -> None:
        self._flush()
        body = read_past_option(body)
        position = self._drop(ENVIRONMENT_ARGUMENTS.get(name, 0), body, 0)
        if name == "abstract":
            self._add_heading("Abstract", 2)
        elif name == "thebibliography":
            self._add_heading("References", 2)
        elif name == "frame" and body.startswith("{"):
            title, position = read_argument(body, 0)
            self._add_heading(self.inline(title, depth), 3)
        outer = self._kind, self._mark, self._float
        if name in FLOATS:
            self._floats[name] += 1
            self._float = f"{name.capitalize()} {self._floats[name]}: "
        self._run(body[position:], depth + 1)
        self._flush()
        self._kind, self._mark, self._float = outer

    def _make_title(self) -> None:
        self._flush()
        self._add(BlockKind.TITLE, self.about.get("title", ""))
        self._add(BlockKind.PARAGRAPH, self.about.get("author", ""))

    def _add_heading(self, text: str, level: int) -> None:
        if self._inline:
            self._parts.append(f" {text} ")
        else:
            self._flush()
            self.blocks.add_heading(text.strip(), level)

    def _add(self, kind: BlockKind, text: str) -> None:
        if self._inline:
            self._parts.append(f" {text} ")
        else:
            self._flush()
            self.blocks.add(kind, text)

    def _flush(self) -> None:
        """End a paragraph; its notes follow it."""
        if self._inline:
            self._parts.append(" ")
            return
        text = "".join(self._parts)
        self._parts = []
        # A line break of the source is a space; displayed formulas stay in the paragraph.
        text = clean_line(text)
        if any(letter.isalnum() for letter in text):
            self.blocks.add(self._kind, self._mark + text)
            if self._kind is BlockKind.LIST_ITEM:
                self._mark = ""
        notes, self._notes = self._notes, []
        for note in notes:
            self.blocks.add(BlockKind.FOOTNOTE, clean_line(note))
