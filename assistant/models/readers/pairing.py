"""A question and a passage as one row of tokens, and which characters each token covers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

QUESTION_TOKENS = 64
PAIR_TOKENS = 320
TITLE_TOKENS = 24
OPENS, CLOSES = "<s>", "</s>"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CodedPair:
    """`spans` has for each token of `ids` its half-open (start, end) in the passage's text, None
    for tokens of the question, the title and the borders."""

    ids: list[int]
    spans: list[Span | None]

    def places(self) -> Iterator[tuple[int, Span]]:
        """The tokens of the text, with their spans."""
        for at, span in enumerate(self.spans):
            if span is not None:
                yield at, span


def encode_pair(tokenizer: Any, question: str, title: str, text: str) -> CodedPair:
    """`<s> question </s> </s> title </s> text </s>`, the text cut to what there is room for.

    Args:
        tokenizer: a `tokenizers.Tokenizer` without truncation and padding.
    """
    opens, closes = tokenizer.token_to_id(OPENS), tokenizer.token_to_id(CLOSES)
    asked = tokenizer.encode(f"query: {question}", add_special_tokens=False).ids
    named = tokenizer.encode(f"passage: {title}", add_special_tokens=False).ids
    told = tokenizer.encode(text, add_special_tokens=False)
    before = [opens, *asked[:QUESTION_TOKENS], closes, closes, *named[:TITLE_TOKENS], closes]
    room = PAIR_TOKENS - len(before) - 1
    spans = [_trim(text, start, end) for start, end in told.offsets[:room]]
    ids = [*before, *told.ids[:room], closes]
    return CodedPair(ids, [*[None] * len(before), *spans, None])


def _trim(text: str, start: int, end: int) -> Span:
    """A token's span without the white space that it begins with."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end
