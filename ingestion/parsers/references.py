"""Reference lists told apart from prose, where a format does not mark them itself."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from assistant.types import Block, BlockKind

LEAST_NUMBERED = 5
"""Shorter runs of [1], [2], ... may be anything."""

_NAMES = re.compile(
    r"(?:[\dIVXA-Z]{1,4}[.)]?\s+)?(?:references?|références?(?: bibliographiques?)?|"
    r"bibliograph(?:y|ie)|works cited|literature(?: cited)?|cited references)\s*:?",
    re.IGNORECASE,
)
_TRACES = re.compile(r"\b(?:1[89]|20)\d\d[a-z]?\b|https?://|\bdoi\b|\barXiv\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:- )?\[(\d{1,4})\]\s")
_LISTED = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)


def mark_references(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The same blocks with the entries of reference lists as REFERENCE.

    These are what stands under a heading like "References", if most of it names a year or
    an address, and runs of paragraphs [1], [2], [3], ... that do. Blocks of a parser that
    marks references itself stay as they are.
    """
    if any(block.kind is BlockKind.REFERENCE for block in blocks):
        return tuple(blocks)
    marked = list(blocks)
    for run in (*_sections(blocks), *_numbered_runs(blocks)):
        entries = [index for index in run if blocks[index].kind in _LISTED]
        traced = sum(1 for index in entries if _TRACES.search(blocks[index].text))
        if entries and traced * 2 > len(entries):
            for index in entries:
                marked[index] = dataclasses.replace(blocks[index], kind=BlockKind.REFERENCE)
    return tuple(marked)


def _sections(blocks: Sequence[Block]) -> Iterator[list[int]]:
    """Indices of what stands below each heading that names a reference list."""
    level = 0
    section: list[int] = []
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.HEADING and (not level or block.level <= level):
            if section:
                yield section
            section = []
            level = block.level if _NAMES.fullmatch(block.text.strip()) else 0
        elif level:
            section.append(index)
    if section:
        yield section


def _numbered_runs(blocks: Sequence[Block]) -> Iterator[list[int]]:
    run: list[int] = []
    for index, block in enumerate(blocks):
        match = _NUMBERED.match(block.text) if block.kind in _LISTED else None
        if match and int(match.group(1)) == len(run) + 1:
            run.append(index)
        else:
            if len(run) >= LEAST_NUMBERED:
                yield run
            run = [index] if match and match.group(1) == "1" else []
    if len(run) >= LEAST_NUMBERED:
        yield run
