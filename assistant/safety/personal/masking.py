"""Texts with pseudonyms in them, and back again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from assistant.safety.finding import Finding, Kind
from assistant.safety.personal.pseudonyms import PSEUDONYM, SECRET, Pseudonyms, Value

T = TypeVar("T")

SAID = frozenset("answer en fr heading missing quote question remarks text title titles".split())
"""Fields of answers, passages and summaries that hold what documents say."""
LONGEST_PSEUDONYM = 24


def mask(
    text: str, findings: Sequence[Finding], pseudonyms: Pseudonyms, *, keep: bool = False
) -> tuple[str, dict[str, str]]:
    """The text with pseudonyms instead of what was found, and pseudonym -> what it stands for.

    Args:
        findings: in order, apart.
        keep: see `Pseudonyms.of`.
    """
    values: list[Value] = [
        (one.kind, text[one.start : one.end]) for one in findings if one.kind != Kind.SECRET
    ]
    named = pseudonyms.of(values, keep=keep) if values else {}
    parts: list[str] = []
    done = 0
    for one in findings:
        value = (one.kind, text[one.start : one.end])
        parts += [text[done : one.start], named.get(value, SECRET)]
        done = one.end
    back: dict[str, str] = {}
    for (_, value_text), name in named.items():
        back.setdefault(name, value_text)
    return "".join([*parts, text[done:]]), back


def put_back(text: str, values: dict[str, str]) -> str:
    """The text with `values` instead of their pseudonyms; unknown ones stay."""
    return PSEUDONYM.sub(lambda match: values.get(f"[{match[1]}_{match[2]}]", match[0]), text)


def put_back_streamed(
    pieces: Iterable[T],
    say: Callable[[T], str],
    renew: Callable[[T, str], T],
    values: dict[str, str],
) -> Iterator[T]:
    """The same for a text in pieces: what may become a pseudonym waits for its end.

    Args:
        say: the text of a piece.
        renew: the piece with another text.
    """
    held = ""
    last: T | None = None
    for piece in pieces:
        last = piece
        held += say(piece)
        begun = held.rfind("[")
        open_ = begun >= 0 and "]" not in held[begun:] and len(held) - begun <= LONGEST_PSEUDONYM
        ready = held[:begun] if open_ else held
        held = held[len(ready) :]
        yield renew(piece, put_back(ready, values))
    if held and last is not None:
        yield renew(last, put_back(held, values))


def rewrite_said(event: T, change: Callable[[str], str]) -> T:
    """A copy of an answer, a passage or another event with all that documents say in it
    changed."""
    return cast(T, _rewritten(event, change, said=False))


def _rewritten(value: Any, change: Callable[[str], str], *, said: bool) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return change(value) if said else value
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return value.model_copy(
            update={
                name: _rewritten(getattr(value, name), change, said=name in SAID) for name in fields
            }
        )
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: _rewritten(getattr(value, field.name), change, said=field.name in SAID)
            for field in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **changed)
    if isinstance(value, (list, tuple)):
        return type(value)(_rewritten(one, change, said=said) for one in value)
    return value
