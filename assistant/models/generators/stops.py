"""Stop strings in a stream of tokens."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from assistant.models.generators.types import Token


def cut_at_stops(tokens: Iterable[Token], stops: Sequence[str]) -> Iterator[Token]:
    """The tokens up to the first stop string, which may lie across tokens.

    Tokens whose text could hold the beginning of a stop string are held back until it is known
    not to be one. The stop string itself is not given out.
    """
    wanted = [stop for stop in stops if stop]
    if not wanted:
        yield from tokens
        return
    held: list[Token] = []
    text = ""
    for token in tokens:
        held.append(token)
        text += token.text
        found = [at for stop in wanted if (at := text.find(stop)) >= 0]
        if found:
            yield from _first_chars(held, min(found))
            return
        doubtful = max(overlap(text, stop) for stop in wanted)
        while held and len(text) - len(held[0].text) >= doubtful:
            text = text[len(held[0].text) :]
            yield held.pop(0)
    yield from held


def _first_chars(tokens: Sequence[Token], size: int) -> Iterator[Token]:
    for token in tokens:
        if size <= 0:
            return
        yield dataclasses.replace(token, text=token.text[:size])
        size -= len(token.text)


def overlap(text: str, stop: str) -> int:
    """How many characters at the end of `text` are the beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
