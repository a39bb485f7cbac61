"""What is told while a question is answered."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types import Answer, Citation, Passage, Sentence

UNSUPPORTED = "(?)"
"""The mark of a sentence that no source bears out."""


@dataclass(frozen=True, slots=True)
class SentenceWritten:
    """A checked sentence, told as soon as it is known, with the citations it brings along."""

    sentence: Sentence
    citations: list[Citation]


AskEvent = list[Passage] | SentenceWritten | Answer
