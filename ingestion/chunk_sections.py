"""Which atoms belong together: the sections of a document, and what in them must not part."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from assistant.types import Block, BlockKind
from ingestion.chunk_atoms import HEADINGS, Atom

TINY = 0.2
"""A section with a smaller share of the aim is put together with its neighbour."""
OVERFLOW = 1.2
"""A chunk may hold this many times the aim before it is divided."""

_BELOW_TABLE = re.compile(r"tab(?:le|leau|\.)", re.IGNORECASE)
_LEADS_IN = re.compile(r":\s*\Z")


@dataclass(slots=True)
class Section:
    """Body with the headings right above it. `path` holds (level, heading)."""

    path: tuple[tuple[int, str], ...]
    is_references: bool = False
    atoms: list[Atom] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        return sum(atom.tokens for atom in self.atoms)

    @property
    def level(self) -> int:
        return self.path[-1][0] if self.path else 0


def find_sections(blocks: Sequence[Block], atoms: Sequence[Atom]) -> list[Section]:
    """Sections by headings; a reference list is one of its own, wherever it stands."""
    sections: list[Section] = []
    path: tuple[tuple[int, str], ...] = ()
    headings: list[Atom] = []
    begins = True
    for index, group in itertools.groupby(atoms, key=lambda atom: atom.block):
        block = blocks[index]
        if block.kind in HEADINGS:
            headings.extend(group)
            begins = True
            if block.kind is BlockKind.HEADING:
                above = tuple(part for part in path if part[0] < block.level)
                path = (*above, (block.level, block.text))
            continue
        is_reference = block.kind is BlockKind.REFERENCE
        if begins or is_reference != sections[-1].is_references:
            sections.append(Section(path, is_reference, headings))
            headings, begins = [], False
        sections[-1].atoms.extend(group)
    if headings:  # nothing follows them
        if sections:
            sections[-1].atoms.extend(headings)
        else:
            sections.append(Section(path, False, headings))
    return sections


def merge_tiny(sections: Sequence[Section], chunk_tokens: int) -> list[Section]:
    """Put a tiny section together with the next one beside or below it, else with the one
    before it under the same heading. Tiny words before a long section below them open its
    first chunk."""
    tiny, limit = TINY * chunk_tokens, OVERFLOW * chunk_tokens
    merged: list[Section] = []
    for section in sections:
        before = merged[-1] if merged else None
        if before is None or section.is_references or before.is_references:
            merged.append(section)
            continue
        fits = before.tokens + section.tokens <= limit
        forward = before.tokens < tiny and section.level >= before.level
        backward = section.tokens < tiny and section.path[:-1] == before.path[:-1]
        below = section.path[: len(before.path)] == before.path != section.path
        if fits and (forward or backward):
            shared = itertools.takewhile(
                lambda pair: pair[0] == pair[1], zip(before.path, section.path, strict=False)
            )
            path = tuple(part for part, _ in shared)
            merged[-1] = Section(path, False, [*before.atoms, *section.atoms])
        elif before.tokens < tiny and before.path and below:
            merged[-1] = Section(section.path, False, [*before.atoms, *section.atoms])
        else:
            merged.append(section)
    return merged


def bind_atoms(
    blocks: Sequence[Block], atoms: Sequence[Atom], *, limit: float
) -> Iterator[list[Atom]]:
    """Runs of atoms that stay in one chunk, none over `limit` tokens unless it is one atom.

    A caption goes with its table, a small table is whole, a large one keeps its first row
    with its header, and a list its first item with the sentence that leads to it.
    """
    by_block = [list(group) for _, group in itertools.groupby(atoms, key=lambda atom: atom.block)]
    waiting: list[list[Atom]] = []
    for number, group in enumerate(by_block):
        before = blocks[by_block[number - 1][0].block] if number else None
        after = blocks[by_block[number + 1][0].block] if number + 1 < len(by_block) else None
        runs = _runs(group, limit)
        if waiting and before and _belong(before, blocks[group[0].block], after):
            joined = [*waiting[-1], *runs[0]]
            if sum(atom.tokens for atom in joined) <= limit:
                waiting[-1] = joined
                runs = runs[1:]
        waiting.extend(runs)
    yield from waiting


def _runs(group: list[Atom], limit: float) -> list[list[Atom]]:
    """One block's atoms: a table or a caption whole if it fits, else a table's header with
    the first row."""
    if group[0].kind is BlockKind.CAPTION and sum(atom.tokens for atom in group) <= limit / 2:
        return [group]
    if group[0].kind is not BlockKind.TABLE:
        return [[atom] for atom in group]
    if sum(atom.tokens for atom in group) <= limit:
        return [group]
    first = 2 if sum(atom.tokens for atom in group[:2]) <= limit else 1
    return [group[:first], *([atom] for atom in group[first:])]


def _belong(before: Block, block: Block, after: Block | None) -> bool:
    """Whether a block must not be parted from the one before it."""
    if block.kind is BlockKind.TABLE:
        return before.kind is BlockKind.CAPTION
    if block.kind is BlockKind.CAPTION:
        own = after is not None and after.kind is BlockKind.TABLE
        return before.kind is BlockKind.TABLE and not own and bool(_BELOW_TABLE.match(block.text))
    return (
        block.kind is BlockKind.LIST_ITEM
        and before.kind is BlockKind.PARAGRAPH
        and bool(_LEADS_IN.search(before.text))
    )
