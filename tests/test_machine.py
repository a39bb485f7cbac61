"""What computes for long stands back, and nothing else does."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from assistant.machine import BEHIND_ANSWERS, BEHIND_REQUESTS, stand_back
from assistant.models.embedders import open_embedder
from assistant.models.settings import ModelSettings

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere threads have no priorities"
)


def priority(_: object = None) -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


def test_a_thread_and_those_that_it_starts_stand_back_and_the_others_do_not() -> None:
    before = priority()

    def inside() -> tuple[int, int]:
        with ThreadPoolExecutor(1) as inner:
            return priority(), inner.submit(priority).result()

    with ThreadPoolExecutor(1, initializer=stand_back, initargs=(BEHIND_REQUESTS,)) as pool:
        assert pool.submit(inside).result() == (before + BEHIND_REQUESTS,) * 2
    assert priority() == before


def test_passages_are_embedded_behind_questions(model_directory: Path) -> None:
    before = priority()
    with closing(open_embedder(ModelSettings(directory=model_directory, threads=2))) as embedder:
        embedder.encode_passages(["one", "two", "three"])
        embedder.encode_query("a question")
        threads = [one for one in threading.enumerate() if one.name.startswith("philo-embedder")]
        assert threads
        for thread in threads:
            assert thread.native_id is not None
            found = os.getpriority(os.PRIO_PROCESS, thread.native_id)
            assert found == before + BEHIND_ANSWERS
    assert priority() == before
