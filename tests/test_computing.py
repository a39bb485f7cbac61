"""As many threads compute at a time as there are places, and those that wait hold none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant.computing import Computing, waiting


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.computing.COMPUTING_WAIT_S", 20.0)


class Worker:
    """Takes a place as soon as there is one."""

    def __init__(self, computing: Computing) -> None:
        self.computing = computing
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        with self.computing.place():
            self.began.set()
            assert self.may_end.wait(30)

    def end(self) -> None:
        self.may_end.set()
        self.thread.join(10)


def test_one_waits_until_a_place_is_free() -> None:
    computing = Computing(2)
    first, second = Worker(computing), Worker(computing)
    assert first.began.wait(10)
    assert second.began.wait(10)
    third = Worker(computing)
    assert not third.began.wait(0.2)
    second.end()
    assert third.began.wait(10)
    first.end()
    third.end()


def test_one_that_waits_lets_another_compute_and_goes_on_after_it() -> None:
    computing = Computing(1)
    went_on = threading.Event()

    def wait_for(asked: threading.Event, answer: threading.Event) -> None:
        with computing.place():
            with waiting(), waiting():
                asked.set()
                assert answer.wait(30)
            went_on.set()

    asked, answer = threading.Event(), threading.Event()
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(wait_for, asked, answer)
        assert asked.wait(10)
        other = Worker(computing)
        assert other.began.wait(10)
        answer.set()
        assert not went_on.wait(0.2)
        other.end()
        waits.result(10)
    assert went_on.is_set()


def test_nobody_waits_for_ever_and_a_place_that_was_not_had_is_not_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("assistant.computing.COMPUTING_WAIT_S", 0.05)
    computing = Computing(1)
    first, second = Worker(computing), Worker(computing)
    assert first.began.wait(10)
    assert second.began.wait(10)
    second.end()
    monkeypatch.setattr("assistant.computing.COMPUTING_WAIT_S", 20.0)
    third = Worker(computing)
    assert not third.began.wait(0.2)
    first.end()
    assert third.began.wait(10)
    third.end()


def test_what_fails_gives_its_place_back() -> None:
    computing = Computing(1)
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"), computing.place(), waiting():
            raise ValueError("wrong")
    with computing.place():
        pass


def test_rows_that_nobody_has_read_to_their_end_take_no_place() -> None:
    computing = Computing(1)

    def rows() -> Iterator[int]:
        with waiting():
            yield 1
            yield 2

    with computing.place():
        unread = rows()
        assert next(unread) == 1
    unread.close()
    other = Worker(computing)
    assert other.began.wait(10)
    other.end()
