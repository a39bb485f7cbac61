"""A parsed document becomes one text and the chunks of it. Pure: no file, no model."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from assistant.sentences import split_sentences
from assistant.types import Block, BlockKind, Chunk, Line, ParsedDocument

CHUNKER_REVISION = 1
"""Part of every recipe: raise it when chunks of the same document come out otherwise."""

OVERFLOW = 1.2
"""A chunk may hold this many times the aim before it is divided."""
TINY = 0.2
"""A section with a smaller share of the aim is put together with its neighbour."""
SEPARATOR = "\n\n"

CountTokens = Callable[[Sequence[str]], list[int]]


def chunk_document(
    parsed: ParsedDocument, *, count_tokens: CountTokens, chunk_tokens: int
) -> tuple[str, tuple[Chunk, ...]]:
    """Write the document's text and divide it into chunks.

    The text is the blocks' texts with a blank line between them. A chunk is a slice of it;
    in order and without overlap the chunks hold all of it but white space. A chunk follows
    the sections: it begins with the headings that stand right above it and does not reach
    into the next section, unless one of the two is tiny. A heading never is a chunk of its
    own in a document that has anything else. Long sections are divided evenly, at the ends
    of blocks, else of sentences, of rows of a table or of lines of code.

    Args:
        count_tokens: texts -> tokens of each; called once, and again only where a sentence
            alone exceeds `chunk_tokens`.
        chunk_tokens: what a chunk aims at; none exceeds 1.7 times of it.
    Returns:
        (text, chunks); no chunks where there is no text.
    """
    blocks = [block for block in parsed.blocks if block.text.strip()]
    text, starts, lines = _write_text(blocks)
    atoms = _measure(text, _find_atoms(blocks, starts, chunk_tokens), count_tokens, chunk_tokens)
    sections = _merge_tiny(_find_sections(blocks, atoms), chunk_tokens)
    line_starts = [line.offset for line in lines]
    chunks: list[Chunk] = []
    for section in sections:
        for group in _divide(section.atoms, chunk_tokens):
            start, end = group[0].start, group[-1].end
            first = max(0, bisect.bisect_right(line_starts, start) - 1)
            last = bisect.bisect_left(line_starts, end)
            chunks.append(
                Chunk(
                    ordinal=len(chunks),
                    start=start,
                    end=end,
                    text=text[start:end],
                    heading=tuple(title for _, title in section.path),
                    lines=lines[first:last],
                    table_header=group[0].table_header,
                )
            )
    return text, tuple(chunks)


def _write_text(blocks: Sequence[Block]) -> tuple[str, list[int], tuple[Line, ...]]:
    """The version's text, where each block starts in it, and its lines."""
    starts: list[int] = []
    lines: list[Line] = []
    position = 0
    for block in blocks:
        starts.append(position)
        lines.extend(Line(position + line.offset, line.page, line.box) for line in block.lines)
        position += len(block.text) + len(SEPARATOR)
    return SEPARATOR.join(block.text for block in blocks), starts, tuple(lines)


@dataclass(frozen=True, slots=True)
class _Atom:
    """The smallest piece that is kept whole: a heading, a sentence, a row, a line of code.

    `opens_block` says that a cut before it does not divide a block.
    """

    start: int
    end: int
    block: int
    opens_block: bool
    is_heading: bool = False
    table_header: str = ""
    tokens: int = 0
    header_tokens: int = 0


def _find_atoms(blocks: Sequence[Block], starts: Sequence[int], chunk_tokens: int) -> list[_Atom]:
    atoms: list[_Atom] = []
    for index, (block, offset) in enumerate(zip(blocks, starts, strict=True)):
        heading = block.kind in (BlockKind.HEADING, BlockKind.TITLE)
        header = ""
        if heading or len(block.text) <= chunk_tokens:
            spans = [(0, len(block.text))]
        elif block.kind is BlockKind.TABLE:
            spans = _table_spans(block.text)
            header = block.text[slice(*spans[0])]
        elif block.kind is BlockKind.CODE:
            spans = _line_spans(block.text)
        else:
            spans = split_sentences(block.text)
        # White space and signs between two sentences go with the one before.
        borders = [0, *(start for start, _ in spans[1:]), len(block.text)]
        for number, (start, end) in enumerate(itertools.pairwise(borders)):
            piece = block.text[start:end]
            atoms.append(
                _Atom(
                    start=offset + start + len(piece) - len(piece.lstrip()),
                    end=offset + start + len(piece.rstrip()),
                    block=index,
                    opens_block=number == 0,
                    is_heading=heading,
                    table_header=header if number else "",
                )
            )
    return atoms


def _line_spans(text: str) -> list[tuple[int, int]]:
    spans = []
    position = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            spans.append((position, position + len(line.rstrip())))
        position += len(line)
    return spans


def _table_spans(text: str) -> list[tuple[int, int]]:
    """The header with its rule, then each row."""
    rows = _line_spans(text)
    return [(rows[0][0], rows[min(1, len(rows) - 1)][1]), *rows[2:]]


def _measure(
    text: str, atoms: list[_Atom], count_tokens: CountTokens, chunk_tokens: int
) -> list[_Atom]:
    """Count every atom's tokens and cut those that are longer than a chunk."""
    headers = sorted({atom.table_header for atom in atoms})
    counts = count_tokens([*(text[atom.start : atom.end] for atom in atoms), *headers])
    of_header = dict(zip(headers, counts[len(atoms) :], strict=True))
    measured: list[_Atom] = []
    waiting = list(zip(atoms, counts[: len(atoms)], strict=True))
    while waiting:
        pieces: list[_Atom] = []
        for atom, tokens in waiting:
            if tokens > chunk_tokens and atom.end - atom.start > 1:
                pieces.extend(_cut(text, atom, math.ceil(tokens / (0.8 * chunk_tokens))))
            else:
                header_tokens = of_header[atom.table_header]
                kept = header_tokens <= chunk_tokens // 3
                measured.append(
                    _Atom(
                        atom.start,
                        atom.end,
                        atom.block,
                        atom.opens_block,
                        atom.is_heading,
                        atom.table_header if kept else "",
                        tokens,
                        header_tokens if kept else 0,
                    )
                )
        counts = count_tokens([text[atom.start : atom.end] for atom in pieces]) if pieces else []
        waiting = list(zip(pieces, counts, strict=True))
    return sorted(measured, key=lambda atom: atom.start)


def _cut(text: str, atom: _Atom, parts: int) -> Iterator[_Atom]:
    """Cut at white space, as near to equal lengths as may be; inside of a word where the
    next white space is far."""
    length = max(1, (atom.end - atom.start) // max(2, parts))
    start = atom.start
    while start < atom.end:
        end = min(atom.end, start + length)
        if end < atom.end:
            space = text.rfind(" ", start + length // 2, end + 1)
            end = space if space > start else end
        piece = text[start:end]
        if piece.strip():
            yield _Atom(
                start + len(piece) - len(piece.lstrip()),
                start + len(piece.rstrip()),
                atom.block,
                atom.opens_block and start == atom.start,
                atom.is_heading,
                atom.table_header,
            )
        start = end


@dataclass(slots=True)
class _Section:
    """Body with the headings right above it. `path` holds (level, heading)."""

    path: tuple[tuple[int, str], ...]
    atoms: list[_Atom] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        return sum(atom.tokens for atom in self.atoms)

    @property
    def level(self) -> int:
        return self.path[-1][0] if self.path else 0


def _find_sections(blocks: Sequence[Block], atoms: Sequence[_Atom]) -> list[_Section]:
    sections: list[_Section] = []
    path: tuple[tuple[int, str], ...] = ()
    headings: list[_Atom] = []
    begins = True
    for index, group in itertools.groupby(atoms, key=lambda atom: atom.block):
        block = blocks[index]
        if block.kind in (BlockKind.HEADING, BlockKind.TITLE):
            headings.extend(group)
            begins = True
            if block.kind is BlockKind.HEADING:
                above = tuple(part for part in path if part[0] < block.level)
                path = (*above, (block.level, block.text))
            continue
        if begins:
            sections.append(_Section(path, headings))
            headings, begins = [], False
        sections[-1].atoms.extend(group)
    if headings:  # nothing follows them
        if sections:
            sections[-1].atoms.extend(headings)
        else:
            sections.append(_Section(path, headings))
    return sections


def _merge_tiny(sections: Sequence[_Section], chunk_tokens: int) -> list[_Section]:
    """Put a tiny section together with the next one beside or below it, else with the one
    before it under the same heading."""
    tiny, limit = TINY * chunk_tokens, OVERFLOW * chunk_tokens
    merged: list[_Section] = []
    for section in sections:
        if merged and merged[-1].tokens + section.tokens <= limit:
            before = merged[-1]
            forward = before.tokens < tiny and section.level >= before.level
            backward = section.tokens < tiny and section.path[:-1] == before.path[:-1]
            if forward or backward:
                shared = itertools.takewhile(
                    lambda pair: pair[0] == pair[1], zip(before.path, section.path, strict=False)
                )
                path = tuple(part for part, _ in shared)
                merged[-1] = _Section(path, [*before.atoms, *section.atoms])
                continue
        merged.append(section)
    return merged


def _divide(atoms: Sequence[_Atom], chunk_tokens: int) -> Iterator[list[_Atom]]:
    """Cut a section's atoms into groups of about equal tokens, none over the limit."""
    limit = OVERFLOW * chunk_tokens
    body_end = max((atom.start for atom in atoms if not atom.is_heading), default=atoms[-1].end)
    rest = sum(atom.tokens for atom in atoms)
    goal = rest / math.ceil(max(1, rest) / limit)
    group: list[_Atom] = []
    tokens = 0
    for atom in atoms:
        full = tokens + atom.tokens > limit
        enough = rest > limit and (
            tokens + atom.tokens / 2 > goal or (atom.opens_block and tokens > 0.85 * goal)
        )
        # Headings stay with what they stand above; at the very end, with what is before.
        held = all(other.is_heading for other in group) and tokens <= chunk_tokens / 2
        if group and (full or enough) and not held and atom.start <= body_end:
            yield group
            rest -= sum(other.tokens for other in group)
            goal = rest / math.ceil(max(1, rest) / limit)
            group, tokens = [], atom.header_tokens
        group.append(atom)
        tokens += atom.tokens
    if group:
        yield group
