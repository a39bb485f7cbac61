"""From notes to a form: which statements it takes, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from assistant.summarizing.comparing import find_pairs
from assistant.summarizing.fields import choose_fields
from assistant.summarizing.notes import Notes
from assistant.summarizing.reading import Unit
from assistant.summarizing.salience import choose
from assistant.summarizing.types import Field, Form
from assistant.types import Language

ABSTRACT_WORDS = (150, 250)
"""An abstract is full from the first number on, and no sentence may take it over the second."""

COMPARED = 60
"""Best sentences of a document that are held against those of another."""


def fill_form(form: Form, notes: Notes) -> Iterator[tuple[Unit, Field | None]]:
    """The statements of one document."""
    units = notes.units
    if form in ("paper", "compare"):
        for told, chosen in choose_fields(units, notes.scores, notes.vectors).items():
            for index in sorted(chosen, key=lambda at: units[at].order):
                yield units[index], told
        return
    for index in sorted(_choose(form, notes), key=lambda at: units[at].order):
        yield units[index], None


def _choose(form: Form, notes: Notes) -> list[int]:
    units, scores, vectors = notes.units, notes.scores, notes.vectors
    if form == "abstract":
        return _choose_words(notes)
    most = 1 if form == "sentence" else min(10, 5 + len(units) // 60)
    return choose(units, scores, vectors, is_full=lambda chosen: len(chosen) >= most)


def _choose_words(notes: Notes) -> list[int]:
    """The best sentences up to the least number of words, those left out that are too long for
    the rest of the room."""
    least, most = ABSTRACT_WORDS
    sizes = [len(unit.text.split()) for unit in notes.units]
    too_long: set[int] = set()
    while True:
        chosen = choose(
            notes.units,
            notes.scores,
            notes.vectors,
            is_full=lambda so_far: sum(sizes[at] for at in so_far) >= least,
            taken=too_long,
        )
        if sum(sizes[at] for at in chosen) <= most or len(chosen) < 2:
            return chosen
        too_long.add(chosen[-1])


def pair_up(first: Notes, second: Notes, language: Language) -> list[tuple[Unit, Unit, bool]]:
    """Sentences of two documents about the same thing, and whether they agree."""
    left, right = _best(first), _best(second)
    return [
        (left.units[one], right.units[other], agree)
        for one, other, agree in find_pairs(
            left.units, left.vectors, right.units, right.vectors, language
        )
    ]


def _best(notes: Notes) -> Notes:
    top = sorted(int(at) for at in np.argsort(-notes.scores, kind="stable")[:COMPARED])
    return Notes(tuple(notes.units[at] for at in top), notes.scores[top], notes.vectors[top])


def untold(told: Sequence[Field | None]) -> list[Field]:
    """The fields that no statement tells."""
    return [one for one in Field if one not in told]
