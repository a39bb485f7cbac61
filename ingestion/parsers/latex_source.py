"""LaTeX before it is read: comments gone, an author's own macros expanded, labels numbered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from assistant.errors import ParseError

MOST_DEPTH = 40
"""Macros in macros."""
MOST_EXPANSIONS = 50_000
MOST_ADDED_CHARS = 4 * 2**20

MOST_VERBATIM = 2000
"""Each one that is not closed costs a search to the end of the file."""

_COMMENT = re.compile(
    r"(?P<verbatim>\\begin\{(?P<name>verbatim\*?|Verbatim|lstlisting|minted)\}.*?\\end\{(?P=name)\})"
    r"|(?<!\\)(?P<breaks>(?:\\\\)*)%(?:[^\n]*\n[ \t]*(?=\S)|[^\n]*)"
    r"|\\iffalse\b.*?\\fi\b|\\begin\{comment\}.*?\\end\{comment\}",
    re.DOTALL,
)
_COMMAND = re.compile(r"\\([a-zA-Z@]+)\*?|\\.", re.DOTALL)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_DEFINERS = frozenset(
    ("newcommand", "renewcommand", "providecommand", "DeclareRobustCommand", "DeclareMathOperator")
)


def strip_comments(text: str) -> str:
    """Without comments, but for those inside of verbatim text."""
    if len(re.findall(r"\\(?:begin\{(?:verb|Verb|lst|mint|comm)|iffalse\b)", text)) > MOST_VERBATIM:
        raise ParseError(f"unsafe: more than {MOST_VERBATIM} pieces of verbatim text")
    return _COMMENT.sub(lambda match: match["verbatim"] or match["breaks"] or "", text)


def group_end(text: str, start: int) -> int:
    """The index of the brace that closes the one at `start`; the text's end without one."""
    depth = 0
    for match in _BRACE.finditer(text, start):
        if match.group() == "{":
            depth += 1
        elif match.group() == "}":
            depth -= 1
            if depth == 0:
                return match.start()
    return len(text)


def read_argument(text: str, position: int) -> tuple[str, int]:
    """The group, command or letter that stands at `position`, and where it ends."""
    while position < len(text) and text[position].isspace():
        position += 1
    if position >= len(text):
        return "", position
    if text[position] == "{":
        end = group_end(text, position)
        return text[position + 1 : end], end + 1
    if match := _COMMAND.match(text, position):
        return match.group(), match.end()
    return text[position], position + 1


def read_optional(text: str, position: int) -> tuple[str, int]:
    """What stands in brackets at `position`, "" where there are none."""
    start = position
    while start < len(text) and text[start] in " \t":
        start += 1
    if start >= len(text) or text[start] != "[":
        return "", position
    depth = 0
    for index in range(start + 1, min(len(text), start + 5000)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
        elif text[index] == "]" and depth <= 0:
            return text[start + 1 : index], index + 1
    return "", position


def read_past_option(body: str) -> str:
    """An environment's body without the bracket at its beginning."""
    return body[read_optional(body, 0)[1] :]


def environment_body(text: str, position: int, name: str) -> tuple[str, int]:
    """What stands before the matching \\end, and where that ends."""
    border = re.compile(rf"\\(begin|end)\s*\{{{re.escape(name)}\}}")
    depth = 1
    for match in border.finditer(text, position):
        depth += 1 if match.group(1) == "begin" else -1
        if depth == 0:
            return text[position : match.start()], match.end()
    return text[position:], len(text)


@dataclass(frozen=True, slots=True)
class _Macro:
    body: str
    arguments: int = 0
    default: str | None = None


class MacroExpander:
    """Replaces what a document defines for itself.

    Args:
        known: whether a command is one that the reader understands; it stays itself, even
            where the document defines it anew.
    """

    def __init__(self, known: Callable[[str], bool]) -> None:
        self._known = known
        self._macros: dict[str, _Macro] = {}
        self._expansions = 0
        self._added = 0

    def expand(self, text: str, depth: int = 0) -> str:
        """
        Raises:
            ParseError: there is no end to it.
        """
        if depth > MOST_DEPTH:
            raise ParseError("unsafe: its macros expand without end")
        parts: list[str] = []
        position = 0
        while match := _COMMAND.search(text, position):
            parts.append(text[position : match.start()])
            position = match.end()
            name = match.group(1)
            if name in _DEFINERS:
                position = self._define(text, position)
            elif name in ("def", "gdef", "edef"):
                position = self._define_plainly(text, position)
            elif name is not None and name in self._macros:
                replaced, position = self._replace(self._macros[name], text, position)
                parts.append(self.expand(replaced, depth + 1))
            else:
                parts.append(match.group())
        parts.append(text[position:])
        return "".join(parts)

    def _replace(self, macro: _Macro, text: str, position: int) -> tuple[str, int]:
        values: list[str] = []
        if macro.default is not None:
            stated, position = read_optional(text, position)
            values.append(stated or macro.default)
        while len(values) < macro.arguments:
            value, position = read_argument(text, position)
            values.append(value)
        replaced = re.sub(
            r"#(\d)",
            lambda match: (
                values[int(match.group(1)) - 1] if 0 < int(match.group(1)) <= len(values) else ""
            ),
            macro.body,
        )
        self._expansions += 1
        self._added += len(replaced)
        if self._expansions > MOST_EXPANSIONS or self._added > MOST_ADDED_CHARS:
            raise ParseError("unsafe: its macros expand without end")
        if not macro.arguments and position < len(text) and text[position].isspace():
            position += 1  # a space ends the name of a command
        return replaced, position

    def _define(self, text: str, position: int) -> int:
        name, position = read_argument(text, position)
        number, position = read_optional(text, position)
        default: str | None = None
        if text[position : position + 1] == "[":
            default, position = read_optional(text, position)
        body, position = read_argument(text, position)
        arguments = int(number) if number.isdecimal() and len(number) == 1 else 0
        self._remember(name, _Macro(body, arguments, default))
        return position

    def _define_plainly(self, text: str, position: int) -> int:
        name, position = read_argument(text, position)
        opening = text.find("{", position, position + 200)
        if opening < 0:
            return position
        pattern = text[position:opening].strip()
        end = group_end(text, opening)
        if re.fullmatch(r"(?:#\d)*", pattern):
            self._remember(name, _Macro(text[opening + 1 : end], pattern.count("#")))
        return end + 1

    def _remember(self, name: str, macro: _Macro) -> None:
        name = name.strip().removeprefix("\\")
        if name.isalpha() and not self._known(name):
            self._macros[name] = macro


_LANDMARK = re.compile(
    r"\\(?P<section>part|chapter|section|subsection|subsubsection)(?P<star>\*?)\s*[\[{]"
    r"|\\begin\{(?P<begin>figure|table|algorithm|equation|align|gather|multline|eqnarray)\*?\}"
    r"|\\end\{(?P<end>figure|table|algorithm|equation|align|gather|multline|eqnarray)\*?\}"
    r"|\\label\{(?P<label>[^{}]{1,200})\}"
    r"|\\(?P<appendix>appendix)\b"
)
_SECTIONS = ("chapter", "section", "subsection", "subsubsection")


@dataclass(frozen=True, slots=True)
class Numbering:
    """`sections` are the printed numbers of all headings in order, "" for one without;
    `labels` what a reference to a label prints, with the kind of thing that it names."""

    sections: list[str]
    labels: dict[str, tuple[str, str]]


def number_labels(text: str) -> Numbering:
    """Count sections, figures, tables and equations as LaTeX's article and book classes do."""
    counts = dict.fromkeys((*_SECTIONS, "figure", "table", "algorithm", "equation"), 0)
    in_appendix = False
    current = inside = ("", "")
    numbering = Numbering([], {})
    top = "chapter" if re.search(r"\\chapter\b", text) else "section"
    for match in _LANDMARK.finditer(text):
        if name := match["section"]:
            number = ""
            if name in counts and not match["star"]:
                counts[name] += 1
                levels = _SECTIONS[_SECTIONS.index(top) : _SECTIONS.index(name) + 1]
                for lower in _SECTIONS[_SECTIONS.index(name) + 1 :]:
                    counts[lower] = 0
                figures = [str(counts[level]) for level in levels]
                if in_appendix and figures and counts[top] <= 26:
                    figures[0] = chr(64 + max(1, counts[top]))
                number = ".".join(figures)
            numbering.sections.append(number)
            current = number, "section"
        elif name := match["begin"]:
            kind = name if name in counts else "equation"
            counts[kind] += 1
            inside = str(counts[kind]), kind
        elif match["end"]:
            inside = ("", "")
        elif match["appendix"]:
            in_appendix = True
            counts |= dict.fromkeys(_SECTIONS, 0)
        elif name := match["label"]:
            numbering.labels[name.strip()] = inside if inside[0] else current
    return numbering
