"""A slow stream does not hold up who reads it."""

import threading

import pytest

from ui.read_ahead import read_ahead


def test_events_arrive_in_order():
    assert list(read_ahead((n for n in range(3)), wait_s=5)) == [0, 1, 2]


def test_waiting_is_told():
    go = threading.Event()

    def slow():
        go.wait(5)
        yield "late"

    events = read_ahead(slow(), wait_s=0.01)
    assert next(events) is None
    go.set()
    assert [event for event in events if event is not None] == ["late"]


def test_error_reaches_the_reader():
    def broken():
        yield 1
        raise ValueError("gone")

    events = read_ahead(broken(), wait_s=5)
    assert next(events) == 1
    with pytest.raises(ValueError, match="gone"):
        next(events)


def test_stream_is_closed_when_the_reader_leaves():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield 1
        finally:
            closed.set()

    events = read_ahead(endless(), wait_s=5)
    next(events)
    events.close()
    assert closed.wait(5)
