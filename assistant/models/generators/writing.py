"""One request in the generator's process: what was asked for, and the answer so far."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from assistant.models.generators.cache import Logits
from assistant.models.generators.guidance import GuideError, GuideShelf, Matcher
from assistant.models.generators.loops import repeats_itself

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """`continuation` is not to be written but scored; it is empty for an answer."""

    id: int
    prompt: Sequence[int]
    most: int
    guide: tuple[str, str] | None = None
    continuation: Sequence[int] = ()

    def token(self, token: int, logprob: float | None) -> Frame:
        return {"id": self.id, "token": token, "logprob": logprob}

    def end(self) -> Frame:
        return {"id": self.id, "end": True}

    def failure(self, exc: Exception | str) -> Frame:
        said = str(exc) if isinstance(exc, str | GuideError) else f"{type(exc).__name__}: {exc}"
        return {"id": self.id, "error": said}


class Writer(Protocol):
    """A way to run a model over jobs."""

    slots: int
    """How many jobs it takes at once."""

    def add(self, job: Job) -> None: ...

    def cancel(self, job_id: int) -> None:
        """End a job, as if it had come to its end; no harm when it has."""

    @property
    def busy(self) -> bool: ...

    def step(self) -> list[Frame]:
        """Do a little work; tells what it gave."""

    def abandon(self, exc: Exception) -> list[Frame]:
        """End all jobs after a step that failed."""


class Writing:
    """Greedy choice of an answer's tokens."""

    def __init__(self, job: Job, ends: Collection[int], shelf: GuideShelf) -> None:
        """
        Raises:
            GuideError: the job's guide is none.
        """
        self.job = job
        self.over = False
        self.written: list[int] = []
        self._ends = ends
        self._matcher: Matcher | None = shelf.open(*job.guide) if job.guide else None

    @property
    def free(self) -> bool:
        """Whether only the model decides."""
        return self._matcher is None and not self.job.continuation

    @property
    def most(self) -> int:
        return len(self.job.continuation) or self.job.most

    def choose(self, logits: Logits) -> list[Frame]:
        """Take the next token.

        Args:
            logits: (vocabulary,)
        """
        token = self._pick(logits)
        if token in self._ends and not self.job.continuation:
            return [self._end()]
        top = logits.max()
        # The model's own distribution, whatever a guide made of it.
        logprob = float(logits[token] - top - np.log(np.exp(logits - top).sum()))
        self.written.append(token)
        frames = [self.job.token(token, logprob)]
        if self._matcher is not None:
            self._matcher.take(token)
            if self._matcher.over:
                return [*frames, self._end()]
        if len(self.written) >= self.most or self._circles():
            frames.append(self._end())
        return frames

    def _pick(self, logits: Logits) -> int:
        if self.job.continuation:
            return self.job.continuation[len(self.written)]
        if self._matcher is not None:
            logits = np.where(self._matcher.allowed(), logits, -np.inf)
        return int(logits.argmax())

    def _circles(self) -> bool:
        return not self.job.continuation and repeats_itself(self.written)

    def _end(self) -> Frame:
        self.over = True
        return end_of(self.job, len(self.written), self._matcher)


def end_of(job: Job, written: int, matcher: Matcher | None) -> Frame:
    """A guided answer that was cut off is none."""
    if matcher is not None and not matcher.complete:
        return job.failure(
            f"the answer was not complete after {written} tokens, the guide wants more; allow "
            "more tokens or ask for less"
        )
    return job.end()
