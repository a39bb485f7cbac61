"""What is known of a document before the form of its summary is chosen: its sentences with their
vectors, and what the generator wrote of its sections. Kept with the document's version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.answering.candidates import Candidate
from assistant.knowledge.notes import KeptNotes
from assistant.summarizing.reading import Paper, Unit
from assistant.summarizing.salience import Matrix, Vector

FORMAT = 1
"""Raised when kept notes no longer mean the same."""


@dataclass(frozen=True, slots=True)
class Notes:
    """(N,) units with their `scores` (N,) and `vectors` (N, D)."""

    units: tuple[Unit, ...]
    scores: Vector
    vectors: Matrix


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the notes so far. `sections`: how many of them are done."""

    units: tuple[Unit, ...]
    vectors: Matrix
    sections: int


def pack(written: Written) -> KeptNotes:
    """As it is kept: places, not texts, but for what the generator wrote."""
    rows = [
        {
            "order": unit.order,
            "text": None if unit.is_quote else unit.text,
            "sources": [[one.start, one.end] for one in unit.sources],
        }
        for unit in written.units
    ]
    payload = {"format": FORMAT, "sections": written.sections, "units": rows}
    return KeptNotes(json.dumps(payload), written.vectors.astype(np.float16).tobytes())


def unpack(kept: KeptNotes, paper: Paper, dimension: int) -> Written | None:
    """None where they do not fit the document as it is read now."""
    payload = json.loads(kept.payload)
    if payload.get("format") != FORMAT:
        return None
    by_order = {unit.order: unit for unit in paper.units}
    by_place: dict[tuple[int, int], Candidate] = {
        (one.start, one.end): one for unit in paper.units for one in unit.sources
    }
    units: list[Unit] = []
    for row in payload["units"]:
        unit = by_order.get(row["order"])
        places = [by_place.get((start, end)) for start, end in row["sources"]]
        sources = tuple(one for one in places if one is not None)
        if unit is None or not sources or len(sources) != len(places):
            return None
        if row["text"] is not None:
            unit = replace(unit, text=row["text"], sources=sources, is_quote=False)
        elif unit.sources != sources:
            return None
        units.append(unit)
    vectors = np.frombuffer(kept.vectors, dtype=np.float16).astype(np.float32)
    if vectors.size != len(units) * dimension:
        return None
    return Written(tuple(units), vectors.reshape(-1, dimension), int(payload["sections"]))


def thin_out(units: Sequence[Unit], scores: Vector, most: int) -> list[int]:
    """Indexes of at most `most` units, in order: the best of each section, in turn."""
    if len(units) <= most:
        return list(range(len(units)))
    sections: dict[int, list[int]] = {}
    for index in np.argsort(-scores, kind="stable"):
        sections.setdefault(units[int(index)].section, []).append(int(index))
    kept: list[int] = []
    rank = 0
    while len(kept) < most:
        kept += [queue[rank] for queue in sections.values() if rank < len(queue)]
        rank += 1
    return sorted(kept[:most])
