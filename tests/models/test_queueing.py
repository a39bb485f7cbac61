"""Who is next, how soon, and on how many cores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.machine import count_cores, count_memory_bytes
from assistant.models.generators.device import look_for_gpu
from assistant.models.generators.line import FairLine
from assistant.models.generators.pace import Pace
from assistant.models.generators.speculation import Drafter


@dataclass(frozen=True)
class Waiter:
    principal: str
    number: int


def test_principals_take_turns() -> None:
    line: FairLine[Waiter] = FairLine()
    crowd = [Waiter("crowd", number) for number in range(50)]
    for waiter in crowd:
        line.join(waiter)
    single, other = Waiter("single", 0), Waiter("other", 0)
    line.join(single)
    line.join(other)
    assert [line.place(one) for one in (crowd[0], single, other, crowd[1])] == [0, 1, 2, 3]
    assert line.place(crowd[49]) == 51
    served = [line.serve() for _ in range(4)]
    assert served == [crowd[0], single, other, crowd[1]]
    assert len(line) == 48


def test_places_are_those_in_which_they_are_served() -> None:
    line: FairLine[Waiter] = FairLine()
    waiters = [Waiter(who, number) for number, who in enumerate("aababcaacbb")]
    for waiter in waiters:
        line.join(waiter)
    foretold = sorted(waiters, key=lambda waiter: line.place(waiter) or 0)
    assert [line.serve() for _ in waiters] == foretold
    assert line.serve() is None


def test_who_left_is_not_served_and_who_rejoins_is_first() -> None:
    line: FairLine[Waiter] = FairLine()
    first, second, third = (Waiter(who, 0) for who in "abc")
    for waiter in (first, second):
        line.join(waiter)
    assert line.leave(first)
    assert not line.leave(first)
    assert line.place(first) is None
    line.rejoin(third)
    assert line.peek() == third
    assert [line.serve(), line.serve()] == [third, second]


def test_pace_is_measured_without_the_idle_times() -> None:
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    for begin, end in ((10.0, 12.0), (100.0, 102.0)):
        now[0] = begin
        pace.begin()
        now[0] = end
        pace.finish()
    assert pace.answer_s == pytest.approx(2.0)


def test_cores_are_those_that_the_container_allows(tmp_path: Path) -> None:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert count_cores(tmp_path) == allowed
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert count_cores(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("20000 100000\n")
    assert count_cores(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert count_cores(tmp_path) == allowed


def test_memory_is_what_the_container_allows(tmp_path: Path) -> None:
    whole = count_memory_bytes(tmp_path)
    (tmp_path / "memory.max").write_text("1048576\n")
    assert count_memory_bytes(tmp_path) == 1048576
    (tmp_path / "memory.max").write_text("max\n")
    assert count_memory_bytes(tmp_path) == whole


def test_guesses_follow_the_last_place_where_the_same_stood() -> None:
    drafter = Drafter(8)
    text = [1, 2, 3, 4, 5, 6, 7, 8]
    assert drafter.draft(text) == []
    assert drafter.draft([*text, 1, 2, 3]) == [4, 5, 6, 7]
    drafter.learn(4, 4, 15)
    grown = [*text, 1, 2, 3, 4, 5, 6, 7, 9, 2, 3, 4]
    assert drafter.draft(grown) == [5, 6, 7, 9, 2, 3, 4]
    drafter.learn(7, 0, len(grown))
    assert drafter.draft([*grown, 5, 6]) == []  # it was wrong: a pause


def test_both_runtimes_at_once_are_a_conflict_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "onnxruntime_gpu-1.31.1.dist-info"
    info.mkdir()
    stated = ["Metadata-Version: 2.1", "Name: onnxruntime-gpu", "Version: 1.31.1"]
    (info / "METADATA").write_text("\n".join(stated))
    monkeypatch.syspath_prepend(str(tmp_path))
    found = look_for_gpu()
    assert found.conflict
    assert found.name == "cpu"
    assert "onnxruntime and onnxruntime-gpu" in found.obstacle
    assert "pip uninstall" in found.advice


def test_a_machine_without_a_driver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = look_for_gpu()
    if "driver" not in found.obstacle:
        pytest.skip("this machine has a driver")
    assert (found.name, found.obstacle) == ("cpu", "no NVIDIA driver found")
