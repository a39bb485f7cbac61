"""Chunks, layouts and vectors as rows keep them, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from assistant.knowledge.tables import ChunkRow, PieceRow
from assistant.knowledge.vectors.base import Vector
from assistant.safety.injection import score_injection
from assistant.safety.toxicity import score_toxicity
from assistant.types import INHERIT, BlockKind, BlockSpan, Chunk, Line


def stated_keys(packed: str | None) -> frozenset[str]:
    """Of `documents.stated`."""
    return frozenset({INHERIT}) if packed is None else frozenset(json.loads(packed))


def piece_key(embedder_id: str, chunk: Chunk, title: str) -> str:
    """The same for chunks whose text and whose vector are the same.

    The length tells apart texts that differ only in where their heading ends.
    """
    content = f"{embedder_id}\0{len(chunk.text)}\0{chunk.indexed_text(title)}"
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def to_piece_row(key: str, chunk: Chunk, vector: Vector) -> dict[str, Any]:
    return {
        "key": key,
        "text": chunk.text,
        "embedding": vector.astype("<f4").tobytes(),
        "injection": score_injection(chunk.text),
        "toxicity": score_toxicity(chunk.text),
    }


def to_chunk_row(chunk: Chunk, version_id: str, key: str) -> dict[str, Any]:
    return {
        "id": f"{version_id}:{chunk.ordinal:05d}",
        "version_id": version_id,
        "piece_key": key,
        "ordinal": chunk.ordinal,
        "start": chunk.start,
        "end": chunk.end,
        "heading": pack_json(chunk.heading),
        "table_header": chunk.table_header,
        "lines": pack_lines(chunk.lines),
    }


def to_chunk(row: ChunkRow, piece: PieceRow) -> Chunk:
    """The inverse of `to_chunk_row` and `to_piece_row`."""
    return Chunk(
        ordinal=row.ordinal,
        start=row.start,
        end=row.end,
        text=piece.text,
        heading=tuple(json.loads(row.heading)),
        lines=unpack_lines(row.lines),
        table_header=row.table_header,
    )


def pack_layout(layout: Sequence[BlockSpan] | None) -> str | None:
    if layout is None:
        return None
    return pack_json([(one.kind, one.level, one.start, one.end) for one in layout])


def unpack_layout(packed: str | None) -> tuple[BlockSpan, ...] | None:
    if packed is None:
        return None
    return tuple(
        BlockSpan(BlockKind(kind), level, start, end)
        for kind, level, start, end in json.loads(packed)
    )


def pack_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pack_lines(lines: Sequence[Line]) -> str:
    return pack_json(
        [(n.offset, n.page) if n.box is None else (n.offset, n.page, n.box) for n in lines]
    )


def unpack_lines(packed: str) -> tuple[Line, ...]:
    return tuple(
        Line(offset, page, tuple(box[0]) if box else None)
        for offset, page, *box in json.loads(packed)
    )


def unpack_vector(blob: bytes) -> Vector:
    """(D,) float32."""
    return np.frombuffer(blob, dtype="<f4").astype(np.float32)
