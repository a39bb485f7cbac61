"""What computes for long stands back, and nothing else does."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assistant.machine import BEHIND_ANSWERS, BEHIND_REQUESTS, stand_back
from assistant.models.embedders import open_embedder
from assistant.models.onnx_model import OnnxModel
from assistant.models.settings import ModelSettings

LEAST_PRIORITY = 19

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere threads have no priorities"
)


def priority() -> int:
    """Of this thread."""
    return os.getpriority(os.PRIO_PROCESS, 0)


def behind(before: int, steps: int) -> int:
    return min(LEAST_PRIORITY, before + steps)


def test_a_thread_and_those_that_it_starts_stand_back_and_the_others_do_not() -> None:
    before = priority()

    def inside() -> tuple[int, int]:
        with ThreadPoolExecutor(1) as inner:
            return priority(), inner.submit(priority).result()

    with ThreadPoolExecutor(1, initializer=stand_back, initargs=(BEHIND_REQUESTS,)) as pool:
        assert pool.submit(inside).result() == (behind(before, BEHIND_REQUESTS),) * 2
    assert priority() == before


def test_documents_are_embedded_behind_answers_and_those_behind_questions(
    model_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = priority()
    computed_at: set[int] = set()
    run = OnnxModel.run

    def watched(self: OnnxModel, output: str, ids: Sequence[int]) -> Any:
        computed_at.add(priority())
        return run(self, output, ids)

    monkeypatch.setattr(OnnxModel, "run", watched)
    with closing(open_embedder(ModelSettings(directory=model_directory, threads=2))) as embedder:
        for encode, steps in (
            (lambda: embedder.encode_query("a question"), 0),
            (lambda: embedder.encode_passages(["one", "two"]), BEHIND_REQUESTS),
            (lambda: embedder.encode_bulk(["three", "four"]), BEHIND_ANSWERS),
        ):
            computed_at.clear()
            encode()
            assert computed_at == {behind(before, steps)}
    assert priority() == before
