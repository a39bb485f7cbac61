"""What a generator gives, and what it is given beside its prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Token:
    """One step of an answer.

    `text` is of whole characters: empty where a character's last token is still to come, and
    where a stop string cut it off. `id` and `logprob` (natural logarithm, at most 0) are None
    where the model does not tell them.
    """

    text: str
    id: int | None = None
    logprob: float | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """The language that an answer must belong to.

    `json_schema`: `text` is a JSON Schema document; `regex`: a regular expression for the whole
    answer; `lark`: a grammar in Lark's notation.
    """

    kind: Literal["json_schema", "regex", "lark"]
    text: str


class Ticket:
    """A place among those who want an answer, from `Generator.reserve`. Thread-safe."""

    @property
    def position(self) -> int:
        """How many requests are before it; 0 when it is being written or may be at once."""
        return 0

    def cancel(self) -> None:
        """Give the place back, from any thread and at any time: a stream that uses it ends
        soon with a GenerationError; no harm when it has ended."""
