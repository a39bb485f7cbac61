"""Which blocks of a PDF are headings, and how deep.

Bookmarks know best. Without them: a chain of numbers that counts on (1, 1.1, 2; I, A, B),
then words that name sections (Abstract, Résumé, References), style last.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import BlockKind
from ingestion.parsers.pdf_blocks import TextBlock
from ingestion.parsers.pdf_characters import HYPHEN_MARK

MOST_LINES = 3
MOST_CHARS = 160
LEAST_LISTED = 3
RARE = 0.15
"""A style of headings has at most this share of a document's letters."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the PDF's outline: level from 1, page from 1 or None."""

    level: int
    title: str
    page: int | None


def mark_headings(blocks: Sequence[TextBlock], bookmarks: Sequence[Bookmark]) -> None:
    """Set kind and level of the blocks that are headings, in place."""
    body = _Body.of(blocks)
    short = [
        block
        for block, following in itertools.zip_longest(blocks, blocks[1:])
        if len(block.printed) <= MOST_LINES
        and 3 <= len(block.joined) <= MOST_CHARS
        and block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
        and not _opens_sentence(block, following)
    ]
    bookmarked = _mark_bookmarked(short, bookmarks) >= 4
    candidates = _find_candidates([block for block in short if not block.level], body)
    if bookmarked:
        for candidate in candidates:
            if candidate.names_section and candidate.styled:
                _mark(candidate.block, 1)
        return
    numbered = _follow_numbers(candidates)
    if len(numbered) >= 3:
        _mark_like(numbered, candidates, body)
    else:
        for candidate in numbered:
            candidate.block.level, candidate.block.kind = 0, BlockKind.PARAGRAPH
        _mark_by_style(candidates, body)
        _unmark_listings(blocks)


def mark_title(blocks: Sequence[TextBlock], page_height: float) -> None:
    """Make the largest text in the upper part of the first page the title, if it stands
    out from the body."""
    first = [
        block
        for block in blocks
        if block.page == blocks[0].page
        and block.printed[0].y0 < 0.6 * page_height
        and len(block.printed) <= 5
        and block.kind is not BlockKind.TABLE
        and 4 <= len(block.joined) <= 250
        and sum(map(len, re.findall(r"[^\W\d_]{3,}", block.joined))) >= 0.5 * len(block.joined)
    ]
    largest = max(first, key=lambda block: block.size, default=None)
    if largest is not None and largest.size >= 1.15 * _Body.of(blocks).size:
        largest.kind, largest.level = BlockKind.TITLE, 0


@dataclass(frozen=True, slots=True)
class _Body:
    """What most of the text looks like; `shares` are of all letters by font and size."""

    size: float
    font: str
    shares: dict[tuple[str, float], float]

    @classmethod
    def of(cls, blocks: Sequence[TextBlock]) -> _Body:
        sizes: Counter[float] = Counter()
        fonts: Counter[str] = Counter()
        styles: Counter[tuple[str, float]] = Counter()
        for block in blocks:
            for line in block.printed:
                sizes[line.size] += len(line.text)
                fonts[line.font] += len(line.text)
                styles[line.font, line.size] += len(line.text)
        if not sizes:
            return cls(10.0, "", {})
        shares = {style: count / styles.total() for style, count in styles.items()}
        return cls(sizes.most_common(1)[0][0], fonts.most_common(1)[0][0], shares)


_NUMBER = re.compile(
    r"(?:(?P<decimal>\d{1,2}(?:\.\d{1,2}){0,3})\.?|(?P<roman>[IVX]{1,5})\.|(?P<letter>[A-H])\.?"
    r"|(?:Section|Chapter|Appendix|Annexe|Chapitre|Partie|Article|Titre)\s+"
    r"(?P<named>[\dIVX]+|[A-Z])\s?[.:–-]?)\s+(?P<title>\S.*)"
)
_SECTION_WORD = re.compile(
    r"(?:abstract|summary|r[ée]sum[ée]|introduction|background|contexte|references|bibliography|"
    r"bibliographie|r[ée]f[ée]rences|acknowledge?ments?|remerciements|conclusions?|"
    r"related work|discussion|methods?|m[ée]thodes?|results|r[ée]sultats|appendix|appendices|"
    r"annexes?|contents|table of contents|sommaire|table des mati[èe]res)\W*",
    re.IGNORECASE,
)
_NO_HEADING = re.compile(
    r"(?:theorem|lemma|proof|definition|corollary|proposition|th[ée]or[èe]me|lemme|preuve|"
    r"d[ée]finition)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"[<>{}\\|;_*]|\(\s|\s\)")
_ROMAN = {
    roman: number
    for number, roman in enumerate(
        ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII"], 1
    )
}


@dataclass(frozen=True, slots=True)
class _Candidate:
    block: TextBlock
    title: str
    number: re.Match[str] | None
    styled: bool
    capitals: bool

    @property
    def style(self) -> tuple[str, float]:
        return self.block.font, self.block.size

    @property
    def names_section(self) -> bool:
        return _SECTION_WORD.fullmatch(self.title) is not None

    def stands_out(self, body: _Body, *, larger: float) -> bool:
        return self.block.bold or self.capitals or self.block.size >= body.size * larger


def _mark(block: TextBlock, level: int) -> None:
    block.kind, block.level = BlockKind.HEADING, level


def _opens_sentence(block: TextBlock, following: TextBlock | None) -> bool:
    """A line that the next one continues ("Type rules. A type", "is a ..."), or one that
    is itself the middle of a sentence."""
    text = block.joined
    if text[0].islower() or text.endswith((",", ";", "-", HYPHEN_MARK)):
        return True
    return (
        following is not None
        and following.page == block.page
        and following.printed[0].text[0].islower()
        and following.printed[0].y0 >= block.printed[-1].y0
    )


def _mark_bookmarked(blocks: Sequence[TextBlock], bookmarks: Sequence[Bookmark]) -> int:
    """Mark the block that says what a bookmark says, on its page or a neighbour; the count."""
    printed: dict[str, list[tuple[bool, TextBlock]]] = defaultdict(list)
    for block in blocks:
        number = _NUMBER.fullmatch(block.joined)
        printed[_letters(block.joined)].append((number is None, block))
        if number is not None:
            printed[_letters(number.group("title"))].append((False, block))
    found = 0
    for bookmark in bookmarks:
        key = _letters(bookmark.title)
        if bookmark.page is None or not key:
            continue
        # Where a figure repeats a heading's words, the one with a number is the heading.
        near = [
            (abs(block.page - bookmark.page), bare, index)
            for index, (bare, block) in enumerate(printed.get(key, ()))
            if abs(block.page - bookmark.page) <= 1 and not block.level
        ]
        if near:
            _mark(printed[key][min(near)[2]][1], bookmark.level)
            found += 1
    return found


def _letters(text: str) -> str:
    """Letters and digits only, without accents and case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", text).lower())


def _find_candidates(blocks: Sequence[TextBlock], body: _Body) -> list[_Candidate]:
    candidates = []
    for block in blocks:
        text = block.joined
        number = _NUMBER.fullmatch(text)
        title = number.group("title") if number else text
        letters = sum(letter.isalpha() for letter in title)
        if letters < 3 or letters < 0.5 * len(title.replace(" ", "")):
            continue
        if not re.search(r"[^\W\d_]{3,}", title) or re.search(r"[=+∑∈≤≥→…]|\.{4,}", text):
            continue
        if _NO_HEADING.match(text) or (len(title) > 60 and title.endswith(".")):
            continue
        capitals = letters >= 4 and sum(letter.isupper() for letter in title) >= 0.75 * letters
        styled = (
            block.bold
            or capitals
            or block.size >= body.size * 1.08
            or (block.font != body.font and block.size >= body.size * 0.95)
        )
        candidate = _Candidate(block, title, number, styled, capitals)
        if styled or candidate.names_section:
            candidates.append(candidate)
    return candidates


def _follow_numbers(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Mark candidates whose numbers count on from one to the next."""
    followed: list[_Candidate] = []
    decimal: tuple[int, ...] | None = None
    roman = letter = 0
    for candidate in candidates:
        number = candidate.number
        if number is None or not candidate.styled:
            continue
        level = 0
        if number.group("decimal"):
            current = tuple(int(part) for part in number.group("decimal").split("."))
            if not roman and _counts_on(decimal, current):
                decimal, letter, level = current, 0, len(current)
        elif number.group("roman") in _ROMAN:
            value = _ROMAN[number.group("roman")]
            if roman < value <= roman + 2:
                roman, letter, level = value, 0, 1
        elif number.group("letter"):
            value = ord(number.group("letter")) - ord("A") + 1
            if value == letter + 1 and (roman or decimal):
                letter, level = value, 2 if roman else 1
        elif number.group("named"):
            level = 1
        if level:
            _mark(candidate.block, level)
            followed.append(candidate)
    return followed


def _counts_on(previous: tuple[int, ...] | None, current: tuple[int, ...]) -> bool:
    if previous is None:
        return current in ((0,), (1,))
    if len(current) == len(previous) + 1:
        return current[:-1] == previous and current[-1] in (0, 1)
    if len(current) <= len(previous):
        depth = len(current) - 1
        return current[:-1] == previous[:depth] and 0 < current[-1] - previous[depth] <= 2
    return False


def _mark_like(
    numbered: Sequence[_Candidate], candidates: Sequence[_Candidate], body: _Body
) -> None:
    """Mark headings without a number beside those with one: section words, and what looks
    like the numbered ones."""
    styles = {candidate.style for candidate in numbered}
    for candidate in candidates:
        if candidate.number is not None or candidate.block.level:
            continue
        if candidate.names_section:
            _mark(candidate.block, 1)
        elif candidate.style in styles and candidate.stands_out(body, larger=1.08):
            _mark(candidate.block, 2)


def _mark_by_style(candidates: Sequence[_Candidate], body: _Body) -> None:
    """Larger, bold or capital lines of a rare style; the larger, the higher their level."""
    repeats = Counter(candidate.title for candidate in candidates)
    chosen = [
        candidate
        for candidate in candidates
        if candidate.names_section
        or (
            5 < len(candidate.title) <= 100
            and not candidate.title.endswith((".", ":"))
            and not (candidate.number is None and _CODE.search(candidate.title))
            and repeats[candidate.title] < 4
            and body.shares.get(candidate.style, 0.0) < RARE
            and candidate.stands_out(body, larger=1.12)
        )
    ]
    sizes = sorted({round(candidate.block.size) for candidate in chosen}, reverse=True)
    for candidate in chosen:
        _mark(candidate.block, min(3, 1 + sizes.index(round(candidate.block.size))))


def _unmark_listings(blocks: Sequence[TextBlock]) -> None:
    """Three or more lines of one level on a page with nothing between them head nothing: they
    are names on a cover, entries of a list, labels of a drawing, lines of code."""
    for _, run in itertools.groupby(
        blocks, key=lambda block: (block.kind, block.level, block.page)
    ):
        listed = list(run)
        if listed[0].kind is BlockKind.HEADING and len(listed) >= LEAST_LISTED:
            for block in listed:
                block.kind, block.level = BlockKind.PARAGRAPH, 0
