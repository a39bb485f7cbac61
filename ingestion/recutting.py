"""A version that is already known, cut into chunks anew: without its file and without parsing."""

from __future__ import annotations

import bisect
from dataclasses import replace

from assistant.models.embedders.base import Embedder
from assistant.types import Block, BlockSpan, Draft, Line, ParsedDocument
from ingestion.chunking import cut_document
from ingestion.drafting import recipe_of


def recut_draft(draft: Draft, *, embedder: Embedder, chunk_tokens: int) -> Draft:
    """The same as the document's own file would give, with chunks for another embedder or of
    another size.

    Where the layout is not known (documents that an older Philo brought in), the chunks stay as
    they are. The recipe is then one that no ingestion has, so that the next one parses the file.
    """
    if draft.layout is None:
        return replace(draft, recipe=f"{draft.recipe}, then {embedder.id}")
    parsed = ParsedDocument(title=draft.title, blocks=_find_blocks(draft, draft.layout))
    cut = cut_document(parsed, count_tokens=embedder.count_tokens, chunk_tokens=chunk_tokens)
    parser = draft.recipe.partition(",")[0]
    return replace(
        draft,
        text=cut.text,
        chunks=cut.chunks,
        layout=cut.layout,
        recipe=recipe_of(embedder.id, chunk_tokens, parser=parser),
    )


def _find_blocks(draft: Draft, layout: tuple[BlockSpan, ...]) -> tuple[Block, ...]:
    lines = sorted({line for chunk in draft.chunks for line in chunk.lines}, key=_offset)
    offsets = [line.offset for line in lines]
    blocks: list[Block] = []
    for span in layout:
        first, last = bisect.bisect_left(offsets, span.start), bisect.bisect_left(offsets, span.end)
        own = [Line(line.offset - span.start, line.page, line.box) for line in lines[first:last]]
        if not own or own[0].offset > 0:  # no chunk holds the white space at its beginning
            nearest = lines[min(first, len(lines) - 1)]
            own.insert(0, Line(0, nearest.page))
        text = draft.text[span.start : span.end]
        blocks.append(Block(span.kind, text, tuple(own), span.level))
    return tuple(blocks)


def _offset(line: Line) -> int:
    return line.offset
