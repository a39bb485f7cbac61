"""The pieces that chunks are put together from: headings, sentences, rows, lines of code."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assistant.sentences import split_sentences
from assistant.types import Block, BlockKind

CountTokens = Callable[[Sequence[str]], list[int]]

HEADINGS = (BlockKind.HEADING, BlockKind.TITLE)
MOST_HEADER_SHARE = 0.6
"""A table's header that takes more of a chunk is not repeated."""


@dataclass(frozen=True, slots=True)
class Atom:
    """The smallest piece that is kept whole.

    `start` and `end` count characters from the start of block number `block`. `opens_block`
    and `ends_block` say that a cut before or behind it does not divide a block.
    `table_header` is what a chunk that begins with it has to repeat.
    """

    block: int
    kind: BlockKind
    start: int
    end: int
    opens_block: bool
    ends_block: bool
    table_header: str = ""
    tokens: int = 0
    header_tokens: int = 0

    @property
    def is_heading(self) -> bool:
        return self.kind in HEADINGS


def find_atoms(
    blocks: Sequence[Block], *, count_tokens: CountTokens, chunk_tokens: int
) -> list[Atom]:
    """All atoms in order with their tokens, none over `chunk_tokens`; they hold all text of
    the blocks but white space.

    Args:
        count_tokens: called once, and again only for atoms that have to be cut.
    """
    atoms = [
        atom for index, block in enumerate(blocks) for atom in _split(index, block, chunk_tokens)
    ]
    headers = sorted({atom.table_header for atom in atoms})
    counts = count_tokens([*(_text(blocks, atom) for atom in atoms), *headers])
    of_header = dict(zip(headers, counts[len(atoms) :], strict=True))
    measured: list[Atom] = []
    waiting = list(zip(atoms, counts[: len(atoms)], strict=True))
    while waiting:
        pieces: list[Atom] = []
        for atom, tokens in waiting:
            if tokens > chunk_tokens and atom.end - atom.start > 1:
                pieces.extend(_cut(blocks, atom, math.ceil(tokens / (0.8 * chunk_tokens))))
            else:
                header_tokens = of_header[atom.table_header]
                kept = header_tokens <= chunk_tokens * MOST_HEADER_SHARE
                measured.append(
                    dataclasses.replace(
                        atom,
                        table_header=atom.table_header if kept else "",
                        tokens=tokens,
                        header_tokens=header_tokens if kept else 0,
                    )
                )
        counts = count_tokens([_text(blocks, atom) for atom in pieces]) if pieces else []
        waiting = list(zip(pieces, counts, strict=True))
    return sorted(measured, key=lambda atom: (atom.block, atom.start))


def _text(blocks: Sequence[Block], atom: Atom) -> str:
    return blocks[atom.block].text[atom.start : atom.end]


def _split(index: int, block: Block, chunk_tokens: int) -> Iterator[Atom]:
    text = block.text
    header = ""
    # Fewer characters than a chunk has tokens: no need to look closer.
    if block.kind in (*HEADINGS, BlockKind.REFERENCE) or len(text) <= chunk_tokens:
        spans = [(0, len(text))]
    elif block.kind is BlockKind.TABLE:
        spans = _table_spans(text)
        header = text[slice(*spans[0])]
    elif block.kind is BlockKind.CODE:
        spans = _line_spans(text)
    else:
        spans = split_sentences(text)
    # White space and signs between two sentences go with the one before.
    borders = [0, *(start for start, _ in spans[1:]), len(text)]
    for number, (start, end) in enumerate(itertools.pairwise(borders)):
        piece = text[start:end]
        yield Atom(
            block=index,
            kind=block.kind,
            start=start + len(piece) - len(piece.lstrip()),
            end=start + len(piece.rstrip()),
            opens_block=number == 0,
            ends_block=number == len(borders) - 2,
            table_header=header if number else "",
        )


def _line_spans(text: str) -> list[tuple[int, int]]:
    spans = []
    position = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            spans.append((position, position + len(line.rstrip())))
        position += len(line)
    return spans


def _table_spans(text: str) -> list[tuple[int, int]]:
    """The header with its rule and the first row, which give each other their meaning; then
    each row."""
    rows = _line_spans(text)
    return [(rows[0][0], rows[min(1, len(rows) - 1)][1]), *rows[2:]]


def _cut(blocks: Sequence[Block], atom: Atom, parts: int) -> Iterator[Atom]:
    """Cut at line breaks, else at white space, as near to equal lengths as may be; inside of
    a word where the next white space is far."""
    text = blocks[atom.block].text
    length = max(1, (atom.end - atom.start) // max(2, parts))
    start = atom.start
    while start < atom.end:
        end = min(atom.end, start + length)
        if end < atom.end:
            for sign in ("\n", " "):
                space = text.rfind(sign, start + length // 2, end + 1)
                if space > start:
                    end = space
                    break
        piece = text[start:end]
        if piece.strip():
            yield dataclasses.replace(
                atom,
                start=start + len(piece) - len(piece.lstrip()),
                end=start + len(piece.rstrip()),
                opens_block=atom.opens_block and start == atom.start,
                ends_block=atom.ends_block and end == atom.end,
            )
        start = end
