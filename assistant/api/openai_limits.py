"""Where the text of a chat completion ends, if whoever asks wants it to end early."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.api.openai_types import FinishReason
from assistant.models.generators.stops import overlap


class Limits:
    """Takes an answer sentence by sentence, and gives what may be sent of it.

    A sentence for which no tokens are left is dropped whole, and so is what follows: half a
    sentence would no longer say what its citation does. A stop sequence cuts exactly, also
    across sentences.
    """

    def __init__(
        self, stops: Sequence[str], most_tokens: int | None, count: Callable[[str], int]
    ) -> None:
        self._stops = stops
        self._left = most_tokens
        self._count = count
        self._held = ""  # what may be the beginning of a stop sequence
        self._ended = False
        self.sentences = 0
        self.text = ""
        self.reason: FinishReason = "stop"

    def take(self, sentence: str) -> str:
        """What of it, and of what was held back, is sent now."""
        if self._ended:
            return ""
        if self._left is not None:
            self._left -= self._count(sentence)
            if self._left < 0:
                self._ended, self.reason = True, "length"
                return ""
        self.sentences += 1
        self._held += sentence
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self._ended = True
            sent, self._held = self._held[: min(found)], ""
            return self._note(sent)
        kept = max((overlap(self._held, stop) for stop in self._stops), default=0)
        sent, self._held = self._held[: len(self._held) - kept], self._held[-kept:] * bool(kept)
        return self._note(sent)

    def end(self) -> str:
        """What was held back for nothing."""
        sent, self._held = self._held, ""
        return self._note(sent)

    def _note(self, sent: str) -> str:
        self.text += sent
        return sent
