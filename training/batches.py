"""Pairs as arrays of tokens and targets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pairs import Pair

from assistant.models.readers.pairing import encode_pair


@dataclass
class Batch:
    """B pairs of at most T tokens."""

    ids: Any  # (B, T) int64
    mask: Any  # (B, T) int64
    passage: Any  # (B, T) bool: tokens of the passage's text
    starts: Any  # (B, T) bool: where a right answer starts
    ends: Any  # (B, T) bool
    evidence: Any  # (B, T) float32: the first token and those of the text
    spans: Any  # (B,) bool: the answer has borders


@dataclass(frozen=True)
class Example:
    ids: list[int]
    passage: list[bool]
    starts: list[int]
    ends: list[int]
    evidence: list[int]


def make_example(tokenizer: Any, pair: Pair) -> Example:
    """All tokens of a pair."""
    coded = encode_pair(tokenizer, pair.question, pair.title, pair.text)
    starts, ends, evidence = [], [], []
    for begin, stop in pair.spans:
        held = [at for at, (b, e) in coded.places() if b < stop and begin < e]
        if held and coded.spans[held[-1]][1] >= stop:
            starts.append(held[0])
            ends.append(held[-1])
    for begin, stop in pair.sentences:
        evidence += [at for at, (b, e) in coded.places() if b < stop and begin < e]
    if pair.sentences:
        evidence.append(0)
    return Example(coded.ids, [span is not None for span in coded.spans], starts, ends, evidence)


def crop(example: Example, tokens: int, chooser: random.Random) -> Example:
    """Keep `tokens` of the passage, at a place of chance that holds a right answer if there is
    one: half of the length costs less than half of the time."""
    first = example.passage.index(True)
    last = len(example.ids) - 1  # the token that closes the row
    if last - first <= tokens:
        return example
    wanted = [at for at in example.evidence if at >= first]
    if example.starts:
        wanted = [example.starts[0], example.ends[0]]
    low = max(first, max(wanted) - tokens + 1) if wanted else first
    high = min(last - tokens, min(wanted)) if wanted else last - tokens
    begin = chooser.randint(min(low, high), max(low, high))
    kept = [*range(first), *range(begin, begin + tokens), last]
    moved = {old: new for new, old in enumerate(kept)}
    borders = [
        (moved[a], moved[b])
        for a, b in zip(example.starts, example.ends, strict=True)
        if a in moved and b in moved
    ]
    return Example(
        [example.ids[at] for at in kept],
        [example.passage[at] for at in kept],
        [a for a, _ in borders],
        [b for _, b in borders],
        [moved[at] for at in example.evidence if at in moved],
    )


def make_groups(examples: Sequence[Example], size: int, *, seed: int) -> list[list[int]]:
    """The numbers of the examples in batches: shuffled, but those of a like length together."""
    chooser = random.Random(seed)  # noqa: S311 - a seed that is written down
    weight = [len(one.ids) + chooser.random() * 12 for one in examples]
    order = sorted(range(len(examples)), key=weight.__getitem__)
    groups = [order[at : at + size] for at in range(0, len(order), size)]
    chooser.shuffle(groups)
    return groups


def collate(examples: Sequence[Example]) -> Batch:
    rows, columns = len(examples), max(len(one.ids) for one in examples)
    ids = torch.ones(rows, columns, dtype=torch.int64)  # 1 is <pad>
    mask = torch.zeros(rows, columns, dtype=torch.int64)
    passage, starts, ends = (torch.zeros(rows, columns, dtype=torch.bool) for _ in range(3))
    evidence = torch.zeros(rows, columns)
    for row, one in enumerate(examples):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        mask[row, : len(one.ids)] = 1
        passage[row, : len(one.ids)] = torch.tensor(one.passage)
        starts[row, one.starts] = True
        ends[row, one.ends] = True
        evidence[row, one.evidence] = 1.0
    return Batch(ids, mask, passage, starts, ends, evidence, starts.any(1))
