"""Answers that must belong to a language: the tokens that may come next, by llguidance."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

JSON_OPTIONS: Any = {"whitespace_flexible": False}
"""A small model fills its answer with white space where that is free."""


class GuideError(Exception):
    """A guide that cannot be followed; the message says why."""


class GuideShelf:
    """Makes matchers for one model's vocabulary, which is read with the first one."""

    def __init__(self, folder: Path, vocabulary: int, ends: Collection[int]) -> None:
        self._folder = folder
        self._vocabulary = vocabulary
        self._ends = sorted(ends)
        self._tokenizer: Any = None

    def open(self, kind: str, text: str) -> Matcher:
        """
        Raises:
            GuideError: the schema, expression or grammar is wrong or too complex.
        """
        from llguidance import LLMatcher, LLTokenizer

        if self._tokenizer is None:
            source = (self._folder / "tokenizer.json").read_text(encoding="utf-8")
            self._tokenizer = LLTokenizer(source, n_vocab=self._vocabulary, eos_token=self._ends)
        makers = {
            "json_schema": lambda: LLMatcher.grammar_from_json_schema(text, defaults=JSON_OPTIONS),
            "regex": lambda: LLMatcher.grammar_from_regex(text),
            "lark": lambda: LLMatcher.grammar_from_lark(text),
        }
        try:
            matcher = LLMatcher(self._tokenizer, makers[kind](), log_level=0)
        except ValueError as exc:
            raise GuideError(f"the {kind} cannot be read: {exc}") from exc
        return Matcher(matcher, self._vocabulary)


class Matcher:
    """Follows one answer. Ends of the answer are tokens too."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        self._matcher = matcher
        self._words = np.zeros((vocabulary + 31) // 32, np.int32)
        self._vocabulary = vocabulary
        self._require_sound()

    def allowed(self) -> npt.NDArray[np.bool_]:
        """(vocabulary,): which tokens may come next."""
        self._matcher.unsafe_compute_mask_ptr(self._words.ctypes.data, self._words.nbytes)
        self._require_sound()
        bits = np.unpackbits(self._words.view(np.uint8), bitorder="little")
        return bits[: self._vocabulary].astype(np.bool_)

    def take(self, token: int) -> None:
        self._matcher.consume_token(token)
        self._require_sound()

    @property
    def complete(self) -> bool:
        """Whether the answer may end here."""
        return bool(self._matcher.is_accepting())

    @property
    def over(self) -> bool:
        """Whether the answer must end here."""
        return bool(self._matcher.is_stopped())

    def _require_sound(self) -> None:
        if self._matcher.is_error():
            raise GuideError(f"the guide cannot be followed: {self._matcher.get_error()}")
