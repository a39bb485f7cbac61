"""A source is kept in step: what it lists comes in, what it no longer lists goes."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from assistant.types import OPERATOR, JobState
from ingestion.sources.base import SourceItem

ADDRESS = "mem://shelf"


class MemorySource:
    """A source in memory; `breaks_after` items its listing fails, as a server may."""

    address = ADDRESS

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.groups: dict[str, frozenset[str]] = {}
        self.breaks_after: int | None = None
        self.failures_to_come: list[Exception] = []
        self.fetched: list[str] = []
        self.at_work = 0
        self.most_at_work = 0

    def items(self) -> Iterator[SourceItem]:
        for number, (name, text) in enumerate(self.texts.items()):
            if number == self.breaks_after:
                raise SourceUnavailableError(f"{ADDRESS} broke off; try again")
            yield SourceItem(
                uri=f"{ADDRESS}/{name}",
                name=f"{name}.md",
                fingerprint=str(hash(text)),
                size_bytes=len(text),
                groups=self.groups.get(name),
            )

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            if self.failures_to_come:
                raise self.failures_to_come.pop()
            name = item.uri.rsplit("/", 1)[-1]
            self.fetched.append(name)
            if name not in self.texts:
                raise SourceItemGoneError(f"{item.uri} is gone")
            path = folder / "blob"
            path.write_text(self.texts[name])
            return path
        finally:
            self.at_work -= 1

    def close(self) -> None:
        pass


def counts(report: Any) -> tuple[int, ...]:
    return (
        report.added,
        report.updated,
        report.unchanged,
        report.removed,
        len(report.failed),
    )


def test_it_comes_in_and_an_unchanged_one_is_not_fetched_again(bench: Any) -> None:
    source = MemorySource(a="# A\n\nOne.", b="# B\n\nTwo.")
    assert counts(bench.ingestor.sync(source)) == (2, 0, 0, 0, 0)
    assert bench.uris() == [f"{ADDRESS}/a", f"{ADDRESS}/b"]
    source.fetched.clear()
    assert counts(bench.ingestor.sync(source)) == (0, 0, 2, 0, 0)
    assert source.fetched == []
    assert source.most_at_work == 1


def test_what_it_no_longer_lists_is_removed(bench: Any) -> None:
    source = MemorySource(a="# A\n\nOne.", b="# B\n\nTwo.")
    bench.ingestor.sync(source)
    del source.texts["a"]
    source.texts["b"] = "# B\n\nTwo and a half."
    assert counts(bench.ingestor.sync(source)) == (0, 1, 0, 1, 0)
    assert bench.uris() == [f"{ADDRESS}/b"]


def test_a_listing_that_broke_off_changes_nothing(bench: Any) -> None:
    source = MemorySource(a="# A\n\nOne.", b="# B\n\nTwo.")
    bench.ingestor.sync(source)
    source.texts = {"c": "# C\n\nThree.", "b": "# B\n\nNew."}
    source.breaks_after = 1
    with pytest.raises(SourceUnavailableError, match="broke off"):
        bench.ingestor.sync(source)
    assert bench.uris() == [f"{ADDRESS}/a", f"{ADDRESS}/b"]
    assert bench.library.jobs.jobs(OPERATOR, state=JobState.QUEUED) == ([], 0)


def test_groups_that_it_states_go_before_those_given(bench: Any) -> None:
    source = MemorySource(a="# A\n\nOne.", b="# B\n\nTwo.")
    source.groups["a"] = frozenset({"board"})
    bench.ingestor.sync(source, groups=["staff"])
    assert bench.groups() == {f"{ADDRESS}/a": ["board"], f"{ADDRESS}/b": ["staff"]}
    source.groups["a"] = frozenset({"board", "audit"})
    assert counts(bench.ingestor.sync(source)) == (0, 0, 2, 0, 0)
    assert bench.groups() == {f"{ADDRESS}/a": ["audit", "board"], f"{ADDRESS}/b": ["staff"]}


def test_a_fetch_that_fails_for_now_is_tried_again(bench: Any) -> None:
    source = MemorySource(a="# A\n\nOne.")
    source.failures_to_come = [
        SourceUnavailableError("busy"),
        OSError(errno.ETIMEDOUT, "Connection timed out"),
    ]
    assert counts(bench.ingestor.sync(source)) == (1, 0, 0, 0, 0)
    [job] = bench.library.jobs.jobs(OPERATOR)[0]
    assert (job.state, job.attempts, job.outcome) == (JobState.DONE, 3, "added")


def test_an_item_that_is_gone_meanwhile_is_told_and_not_tried_again(bench: Any) -> None:
    source = MemorySource(a="# A\n\nOne.")
    source.failures_to_come = [SourceItemGoneError(f"{ADDRESS}/a is gone")]
    report = bench.ingestor.sync(source)
    assert counts(report) == (0, 0, 0, 0, 1)
    assert "gone" in report.failed[0].reason
    [job] = bench.library.jobs.jobs(OPERATOR)[0]
    assert (job.state, job.attempts) == (JobState.CANCELLED, 1)


def test_a_failure_nobody_foresaw_costs_one_document(bench: Any, caplog: Any) -> None:
    source = MemorySource(a="# A\n\nOne.", b="# B\n\nTwo.")
    source.failures_to_come = [ZeroDivisionError("in a client library")]
    report = bench.ingestor.sync(source)
    assert counts(report) == (1, 0, 0, 0, 1)
    assert "ZeroDivisionError" in report.failed[0].reason
    assert "in a client library" in caplog.text


def test_an_embedder_that_fails_stops_the_call_and_the_next_one_finishes(bench: Any) -> None:
    source = MemorySource(a="# A\n\nOne.")
    bench.embedder.failure = RuntimeError("no memory on the device")
    with pytest.raises(RuntimeError, match="device"):
        bench.ingestor.sync(source)
    [job] = bench.library.jobs.jobs(OPERATOR)[0]
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    bench.embedder.failure = None
    assert counts(bench.ingestor.sync(source)) == (1, 0, 0, 0, 0)


def test_who_waits_may_go_away(bench: Any) -> None:
    source = MemorySource(**{f"n{n}": f"# {n}\n\nText {n}." for n in range(600)})

    def listener(_progress: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.ingestor.sync(source, listener=listener)
    bench.ingestor.close()
    came_in = len(bench.uris())
    assert 0 < came_in < 600
    assert bench.library.jobs.jobs(OPERATOR, state=JobState.QUEUED) == ([], 0)
    assert bench.library.jobs.jobs(OPERATOR, state=JobState.RUNNING) == ([], 0)
    report = bench.ingestor.sync(source)
    assert counts(report) == (600 - came_in, 0, came_in, 0, 0)


def test_identical_files_at_two_addresses_are_embedded_once(bench: Any, tmp_path: Path) -> None:
    text = "# Charter\n\n" + "\n\n".join(f"## {n}\n\n" + f"rule{n} " * 90 for n in range(6))
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "charter.md").write_text(text)
    report = bench.ingestor.ingest([str(tmp_path / "one"), str(tmp_path / "two")])
    assert counts(report) == (2, 0, 0, 0, 0)
    assert bench.embedder.embedded == report.chunks / 2 > 1
    (tmp_path / "one" / "copy.md").write_text(text)
    assert bench.ingestor.ingest([str(tmp_path / "one")]).added == 1
    assert bench.embedder.embedded == report.chunks / 2


def test_two_callers_at_once_each_get_their_own_report(bench: Any) -> None:
    reports: dict[int, Any] = {}

    class Other(MemorySource):
        address = "mem://other"

        def items(self) -> Iterator[SourceItem]:
            for item in super().items():
                yield SourceItem(item.uri.replace("shelf", "other"), item.name, item.fingerprint)

    sources = [
        MemorySource(**{f"a{n}": f"# {n}\n\nText {n}." for n in range(30)}),
        Other(**{f"b{n}": f"# {n}\n\nOther {n}." for n in range(20)}),
    ]

    def sync(number: int) -> None:
        reports[number] = bench.ingestor.sync(sources[number])

    callers = [threading.Thread(target=sync, args=(number,)) for number in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [counts(reports[number])[0] for number in range(2)] == [30, 20]
