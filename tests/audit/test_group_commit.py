"""What several threads write at once is written together, and each hears of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assistant.audit.group_commit import GroupCommit
from assistant.audit.log import Audit
from assistant.errors import AuditError, DataDirectoryBusyError, StoreUnavailableError
from assistant.knowledge.database import open_database


class Log:
    """Holds the first writing back until all of `expected` have come."""

    def __init__(self, expected: int) -> None:
        self.written: list[list[object]] = []
        self.tried = 0
        self.fail: Callable[[Sequence[object]], None] = lambda _items: None
        self.commits = GroupCommit(self.write, lock=threading.RLock())
        self._expected = expected

    def write(self, items: Sequence[object]) -> None:
        self.tried += 1
        if self.tried == 1:
            deadline = time.monotonic() + 10
            while len(self.commits._waiting) < self._expected and time.monotonic() < deadline:
                time.sleep(0.001)
        self.fail(items)
        self.written.append(list(items))

    def put_all(self, items: Sequence[object]) -> dict[object, BaseException]:
        """Each in a thread of its own, the first one first; what was raised."""
        raised: dict[object, BaseException] = {}

        def put(item: object) -> None:
            try:
                self.commits.put(item)
            except BaseException as exc:  # noqa: BLE001 - looked at below
                raised[item] = exc

        threads = [threading.Thread(target=put, args=(item,)) for item in items]
        threads[0].start()
        while self.tried == 0:
            time.sleep(0.001)
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join(20)
        return raised


def test_who_comes_while_one_writes_is_written_with_the_others() -> None:
    log = Log(expected=9)
    assert log.put_all(range(10)) == {}
    first, others = log.written
    assert first == [0]
    assert sorted(others) == [*range(1, 10)]


def test_nobody_fails_for_what_somebody_else_wrote() -> None:
    log = Log(expected=4)

    def refuse(items: Sequence[object]) -> None:
        if 3 in items:
            raise AuditError("3 cannot be written")

    log.fail = refuse
    raised = log.put_all(range(5))
    assert {item: str(exc) for item, exc in raised.items()} == {3: "3 cannot be written"}
    assert sorted(one for some in log.written for one in some) == [0, 1, 2, 4]


@pytest.mark.parametrize(
    "error",
    [StoreUnavailableError("away"), DataDirectoryBusyError("locked"), OSError("no file handle")],
)
def test_a_store_that_is_away_is_asked_once_for_all(error: Exception) -> None:
    log = Log(expected=4)

    def refuse(items: Sequence[object]) -> None:
        if 0 not in items:
            raise error

    log.fail = refuse
    assert sorted(log.put_all(range(5))) == [1, 2, 3, 4]
    assert log.tried == 2


def test_a_thread_that_is_ended_leaves_nobody_behind() -> None:
    log = Log(expected=2)

    def interrupt(_items: Sequence[object]) -> None:
        log.fail = lambda _items: None
        raise KeyboardInterrupt

    log.fail = interrupt
    raised = log.put_all(range(3))
    assert [type(exc) for exc in raised.values()] == [KeyboardInterrupt]
    assert sorted(one for some in log.written for one in some)[-2:] == [1, 2]


def test_the_chain_holds_whoever_writes_at_once(tmp_path: Path) -> None:
    database = open_database(tmp_path / "philo.db")
    audit = Audit(database, tmp_path)
    threads = [
        threading.Thread(target=audit.record, args=(f"reader{number}", "search", {"n": number}))
        for number in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.verify().ok
    assert sorted(entry.details["n"] for entry in audit.every()) == [*range(40)]
    assert {entry.who: entry.details["n"] for entry in audit.every()} == {
        f"reader{number}": number for number in range(40)
    }
    with pytest.raises(TypeError):
        audit.record("ben", "search", {"n": object()})
    assert audit.verify().entries == 40
    database.close()


def test_a_head_that_cannot_be_noted_writes_no_row_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(tmp_path / "philo.db")
    audit = Audit(database, tmp_path)
    audit.record("anne", "search", {"n": 0})
    head = tmp_path / "audit.head"
    noted = head.read_text()

    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    for number in range(1, 4):
        audit.record("anne", "search", {"n": number})
    monkeypatch.undo()
    assert head.read_text() == noted
    assert "could not be noted" in caplog.text
    assert [entry.details["n"] for entry in audit.every()] == [0, 1, 2, 3]
    assert audit.verify().ok
    audit.record("anne", "search", {"n": 4})
    assert head.read_text() != noted
    database.close()
