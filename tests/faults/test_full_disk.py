"""The disk is full from a named step on: nothing is half there, and the next try works."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import StorageFullError
from assistant.knowledge.jobs import NewJob
from assistant.types import Access, JobKind
from tests.disks import small_disk
from tests.knowledge.conftest import Shelf

SIZE = "64m"
OLD = {"ancien loyer", "ancienne cantine", "ancien parking"}
NEW = {"nouveau loyer", "nouvelle cantine"}
OTHER = "un troisième document"

POINTS = {
    "publish": [
        "begun",
        "staged",
        "vectors written",
        "lexicon written",
        "shown",
        "vectors purged",
        "lexicon purged",
        "purged",
        "originals purged",
    ],
    "add": ["begun", "staged", "vectors written", "lexicon written", "shown"],
    "retire": ["begun", "hidden", "vectors purged", "lexicon purged", "purged"],
    "share": ["begun", "groups set", "vectors regrouped", "lexicon regrouped"],
    "accept": ["begun", "original kept", "job queued"],
}
CASES = [(change, point) for change, points in POINTS.items() for point in points]
assert len(CASES) >= 25
SHORT = {("publish", "staged"), ("publish", "shown"), ("retire", "hidden"), ("accept", "begun")}


class Disk:
    """A small one; a balloon in it takes all that is left."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._balloon = root / "balloon"

    def fill(self) -> None:
        with contextlib.suppress(OSError), self._balloon.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def clear(self) -> None:
        self._balloon.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", SIZE) as root:
        yield Disk(root)


@pytest.mark.parametrize(
    ("change", "point"),
    [case if case in SHORT else pytest.param(*case, marks=pytest.mark.long) for case in CASES],
)
def test_a_disk_that_is_full_from_here_on(change: str, point: str, disk: Disk) -> None:
    reached: list[str] = []

    def failpoint(step: str) -> None:
        if step == point and armed:
            reached.append(step)
            disk.fill()

    armed = False
    shelf = Shelf(disk.root / "data", failpoint=failpoint)
    document_id = shelf.put("file:///a", *sorted(OLD))
    shelf.put("file:///z", OTHER)
    upload = disk.root / "upload.txt"
    upload.write_text("Vingt-six jours de congé.", encoding="utf-8")

    def begin() -> None:
        match change:
            case "publish":
                shelf.put("file:///a", *sorted(NEW))
            case "add":
                shelf.put("file:///b", *sorted(NEW))
            case "retire":
                shelf.library.retire_known([document_id])
            case "share":
                shelf.library.sharing.share(document_id, Access(groups=["hr"], users=[]))
            case "accept":
                shelf.library.accept(
                    upload, lambda sha: NewJob(JobKind.ADD, "file:///u", "default", original=sha)
                )

    armed = True
    failpoint("begun")
    with contextlib.suppress(StorageFullError):
        begin()
    assert reached
    armed = False
    wanted = {
        "publish": ({OTHER} | OLD, {OTHER} | NEW),
        "add": ({OTHER} | OLD, {OTHER} | OLD | NEW),
        "retire": ({OTHER} | OLD, {OTHER}),
    }.get(change, ({OTHER} | OLD, {OTHER} | OLD))
    assert set(shelf.near("loyer")) in wanted
    disk.clear()
    begin()
    assert set(shelf.near("loyer")) == wanted[1]
    shelf.close()

    again = Shelf(disk.root / "data")
    again.library.reconcile()
    assert set(again.near("loyer")) == wanted[1]
    assert again.is_in_step()
    if change == "accept":
        [job] = again.library.jobs.claim("w", limit=1)
        kept = again.library.originals.names()
        assert [job.original] == [*kept]
    with again.database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    again.close()
