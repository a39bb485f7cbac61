"""A parsed document becomes one text and the chunks of it. Pure: no file, no model."""

from __future__ import annotations

import bisect
import itertools
import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.types import (
    REFERENCE_LIST,
    Block,
    BlockKind,
    BlockSpan,
    Chunk,
    Line,
    ParsedDocument,
)
from ingestion.chunk_atoms import Atom, CountTokens, find_atoms
from ingestion.chunk_sections import OVERFLOW, TINY, Section, bind_atoms, find_sections, merge_tiny

CHUNKER_REVISION = 2
"""Part of every recipe: raise it when chunks of the same document come out otherwise."""

MOST_WITH_TAIL = 1.5
"""A chunk may hold this many times the aim together with its footnotes, or with what
is too little for another chunk."""
MOST_CAPTION_CHARS = 120
SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Cut:
    """A document's text, the chunks of it, and where its blocks stand in it."""

    text: str
    chunks: tuple[Chunk, ...]
    layout: tuple[BlockSpan, ...]


def chunk_document(
    parsed: ParsedDocument, *, count_tokens: CountTokens, chunk_tokens: int
) -> tuple[str, tuple[Chunk, ...]]:
    """(text, chunks) of `cut_document`."""
    cut = cut_document(parsed, count_tokens=count_tokens, chunk_tokens=chunk_tokens)
    return cut.text, cut.chunks


def cut_document(parsed: ParsedDocument, *, count_tokens: CountTokens, chunk_tokens: int) -> Cut:
    """Write the document's text and divide it into chunks.

    The text is the blocks' texts with a blank line between them. A chunk is a slice of it;
    in order and without overlap the chunks hold all of it but white space. A chunk follows
    the sections: it begins with the headings that stand right above it and does not reach
    into the next section, unless one of the two is tiny. A heading never is a chunk of its
    own in a document that has anything else. Long sections are divided evenly, at the ends
    of blocks, else of sentences, of rows of a table or of lines of code.

    A footnote stands behind the chunk to whose text it belongs, at the end of a block, and
    is a part of that chunk where there is room. A reference list has chunks of its own, whose
    path ends with `REFERENCE_LIST`. A chunk that begins inside of a table repeats its header
    and has the table's caption as the last part of its path.

    Args:
        count_tokens: texts -> tokens of each; called once, and again only where a sentence
            alone exceeds `chunk_tokens`.
        chunk_tokens: what a chunk aims at; none exceeds 1.7 times of it.
    Returns:
        no chunks where there is no text.
    """
    blocks = [block for block in parsed.blocks if block.text.strip()]
    atoms = find_atoms(blocks, count_tokens=count_tokens, chunk_tokens=chunk_tokens)
    body = [atom for atom in atoms if atom.kind is not BlockKind.FOOTNOTE]
    groups = [
        _Group(section, group)
        for section in merge_tiny(find_sections(blocks, body), chunk_tokens)
        for group in _divide(blocks, section.atoms, chunk_tokens)
    ]
    notes = [atom for atom in atoms if atom.kind is BlockKind.FOOTNOTE]
    groups = _place_notes(groups, notes, chunk_tokens)
    order = list(dict.fromkeys(atom.block for group in groups for atom in group.atoms))
    text, starts, lines = _write_text(blocks, order)
    line_starts = [line.offset for line in lines]
    chunks: list[Chunk] = []
    for group in groups:
        opening, closing = group.atoms[0], group.atoms[-1]
        start, end = starts[opening.block] + opening.start, starts[closing.block] + closing.end
        first = max(0, bisect.bisect_right(line_starts, start) - 1)
        last = bisect.bisect_left(line_starts, end)
        chunks.append(
            Chunk(
                ordinal=len(chunks),
                start=start,
                end=end,
                text=text[start:end],
                heading=_path(group, blocks),
                lines=lines[first:last],
                table_header=opening.table_header,
            )
        )
    layout = [
        BlockSpan(block.kind, block.level, starts[index], starts[index] + len(block.text))
        for index, block in enumerate(blocks)
        if index in starts
    ]
    return Cut(text, tuple(chunks), tuple(layout))


@dataclass(frozen=True, slots=True)
class _Group:
    """The atoms of one chunk."""

    section: Section
    atoms: list[Atom]


def _path(group: _Group, blocks: Sequence[Block]) -> tuple[str, ...]:
    path = [title for _, title in group.section.path]
    opening = group.atoms[0]
    if group.section.is_references:
        path.append(REFERENCE_LIST)
    elif opening.kind is BlockKind.TABLE and not opening.opens_block:
        above = blocks[opening.block - 1] if opening.block else None
        if above is not None and above.kind is BlockKind.CAPTION:
            path.append(textwrap.shorten(above.text, MOST_CAPTION_CHARS, placeholder=" …"))
    return tuple(path)


def _write_text(
    blocks: Sequence[Block], order: Sequence[int]
) -> tuple[str, dict[int, int], tuple[Line, ...]]:
    """The version's text, where each block starts in it, and its lines."""
    starts: dict[int, int] = {}
    lines: list[Line] = []
    position = 0
    for index in order:
        block = blocks[index]
        starts[index] = position
        lines.extend(Line(position + line.offset, line.page, line.box) for line in block.lines)
        position += len(block.text) + len(SEPARATOR)
    return SEPARATOR.join(blocks[index].text for index in order), starts, tuple(lines)


def _divide(
    blocks: Sequence[Block], atoms: Sequence[Atom], chunk_tokens: int
) -> Iterator[list[Atom]]:
    """Cut a section's atoms into groups of about equal tokens, none over the limit."""
    limit = OVERFLOW * chunk_tokens
    runs = list(bind_atoms(blocks, atoms, limit=limit))
    last_body = max((n for n, run in enumerate(runs) if not run[0].is_heading), default=len(runs))
    rest = sum(atom.tokens for atom in atoms)
    goal = _goal(rest, 0, limit)
    block_rests = _block_rests(runs)
    group: list[Atom] = []
    tokens = 0
    for number, run in enumerate(runs):
        size = sum(atom.tokens for atom in run)
        # The last rows of a table, the last words of a section are no chunk by themselves.
        section_rest = rest - sum(other.tokens for other in group)
        is_tail = any(
            left < TINY * chunk_tokens and tokens + left <= MOST_WITH_TAIL * chunk_tokens
            for left in (section_rest, *([] if run[0].opens_block else [block_rests[number]]))
        )
        full = tokens + size > limit
        enough = rest > goal and (
            tokens + size / 2 > goal or (run[0].opens_block and tokens > 0.85 * goal)
        )
        # Headings stay with what they stand above; at the very end, with what is before.
        held = all(other.is_heading for other in group) and tokens <= chunk_tokens / 2
        if group and (full or enough) and not (held or is_tail) and number <= last_body:
            yield group
            rest -= sum(other.tokens for other in group)
            group, tokens = [], run[0].header_tokens
            goal = _goal(rest, tokens, limit)
        group.extend(run)
        tokens += size
    if group:
        yield group


def _block_rests(runs: Sequence[Sequence[Atom]]) -> list[int]:
    """For each run the tokens from it to the end of the block that it ends in."""
    rests: list[int] = []
    left, block = 0, -1
    for run in reversed(runs):
        if run[-1].block != block:
            left, block = 0, run[-1].block
        left += sum(atom.tokens for atom in run)
        rests.append(left)
    return rests[::-1]


def _goal(rest: int, repeated: int, limit: float) -> float:
    """Tokens of the next group, `repeated` ones of a table's header included, so that those
    after it come out alike."""
    return repeated + rest / math.ceil(max(1, rest) / max(1, limit - repeated))


def _place_notes(
    groups: Sequence[_Group], notes: Sequence[Atom], chunk_tokens: int
) -> list[_Group]:
    """Put each footnote behind the first group that ends with a block and holds the text that
    the note follows."""
    waiting = [list(atoms) for _, atoms in itertools.groupby(notes, key=lambda atom: atom.block)]
    waiting.reverse()
    if waiting and not groups:
        groups = [_Group(Section(()), [])]
    placed: list[_Group] = []
    for number, group in enumerate(groups):
        placed.append(_Group(group.section, list(group.atoms)))
        upcoming: float = math.inf
        if number + 1 < len(groups):
            ends_block = group.atoms[-1].ends_block
            upcoming = groups[number + 1].atoms[0].block if ends_block else -1
        while waiting and waiting[-1][0].block < upcoming:
            for atom in waiting.pop():
                room = MOST_WITH_TAIL * chunk_tokens - sum(one.tokens for one in placed[-1].atoms)
                if placed[-1].atoms and atom.tokens > room:
                    placed.append(_Group(group.section, []))
                placed[-1].atoms.append(atom)
    return placed
