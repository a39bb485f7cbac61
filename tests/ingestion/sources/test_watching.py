"""Folders that are watched: what is new, changed, moved and deleted in them."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from assistant.errors import DocumentNotFoundError, SourceNotFoundError
from assistant.knowledge.library import Library
from assistant.types import OPERATOR
from ingestion.pipeline import LocalIngestor

IN_TIME_S = 20.0
"""Five seconds is the promise; a machine that is busy with other tests takes longer."""


class Watch:
    """A watched folder, and what is known of it."""

    def __init__(self, folder: Path, library: Library, ingestor: LocalIngestor) -> None:
        self.folder = folder
        self.library = library
        self.ingestor = ingestor
        self.outcomes: list[tuple[str, str]] = []
        self.failure: Exception | None = None
        self.stop = threading.Event()
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self.thread.start()

    def _run(self) -> None:
        try:
            self.ingestor.watch(
                [str(self.folder)],
                listener=lambda told: self.outcomes.append(
                    (told.outcome, told.uri.rpartition("/")[2])
                ),
                on_report=lambda _: self.begun.set(),
                stop=self.stop,
            )
        except Exception as exc:  # noqa: BLE001 - shown by the test
            self.failure = exc

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()
        assert self.failure is None

    def texts(self) -> dict[str, str]:
        """Text by file name."""
        found = {}
        for info in self.library.documents(OPERATOR):
            with suppress(DocumentNotFoundError):  # removed since it was listed
                chunks = self.library.document_chunks(info.id, OPERATOR)
                found[info.uri.rpartition("/")[2]] = " ".join(chunk.text for chunk in chunks)
        return found

    def becomes(self, expected: dict[str, str], within_s: float = IN_TIME_S) -> None:
        latest = time.monotonic() + within_s
        while (found := self.texts()) != expected:
            assert time.monotonic() < latest, (found, expected)
            time.sleep(0.05)

    def tells(self, outcome: tuple[str, str]) -> None:
        """Once, and soon: what is published can be read a little before it is told."""
        latest = time.monotonic() + IN_TIME_S
        while outcome not in self.outcomes:
            assert time.monotonic() < latest, self.outcomes
            time.sleep(0.05)
        assert self.outcomes.count(outcome) == 1


@pytest.fixture
def folder(tmp_path) -> Path:
    root = tmp_path / "docs"
    (root / "sub").mkdir(parents=True)
    write(root / "leave.txt", "Twenty-six days.")
    write(root / "sub" / "pay.txt", "On the 28th.")
    return root


@pytest.fixture
def watch(folder, library, ingestor):
    started = Watch(folder, library, ingestor)
    started.start()
    assert started.begun.wait(20)
    yield started
    started.end()


def write(path: Path, text: str) -> None:
    """As if it had been there for long."""
    path.write_text(text)
    os.utime(path, (time.time() - 100, time.time() - 100))


BEGIN = {"leave.txt": "Twenty-six days.", "pay.txt": "On the 28th."}


def test_new_changed_moved_and_deleted_files_are_followed(watch, folder):
    watch.becomes(BEGIN)
    (folder / "new.txt").write_text("Brand new.")
    watch.becomes(BEGIN | {"new.txt": "Brand new."})
    (folder / "leave.txt").write_text("Twenty-seven days.")
    (folder / "new.txt").rename(folder / "sub" / "moved.txt")
    watch.becomes(
        {"leave.txt": "Twenty-seven days.", "pay.txt": "On the 28th.", "moved.txt": "Brand new."}
    )
    (folder / "sub").rename(folder / "elsewhere")
    (folder / "leave.txt").unlink()
    watch.becomes({"pay.txt": "On the 28th.", "moved.txt": "Brand new."})
    places = [info.uri for info in watch.library.documents(OPERATOR)]
    assert all("/elsewhere/" in place for place in places)


class TestWithoutWordFromTheSystem:
    @pytest.fixture
    def settings(self, settings):
        polling = settings.sources.model_copy(update={"watch_polling": True})
        return settings.model_copy(update={"sources": polling})

    def test_changes_are_found(self, watch, folder):
        (folder / "new.txt").write_text("Brand new.")
        (folder / "leave.txt").unlink()
        watch.becomes({"pay.txt": "On the 28th.", "new.txt": "Brand new."})


def write_on(path: Path, stop: threading.Event) -> threading.Thread:
    """Write to a file, a little again and again, until told to stop."""

    def run() -> None:
        with path.open("w") as target:
            while not stop.wait(0.1):
                target.write("Half. ")
                target.flush()
            target.write("Whole.")

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_half_written_file_is_waited_for_and_nothing_else_waits_for_it(watch, folder):
    watch.becomes(BEGIN)
    stop = threading.Event()
    writers = [write_on(folder / name, stop) for name in ("slow.txt", "leave.txt")]
    (folder / "quick.txt").write_text("Quick.")
    try:
        watch.becomes(BEGIN | {"quick.txt": "Quick."})
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    whole = {name: (folder / name).read_text() for name in ("slow.txt", "leave.txt")}
    watch.becomes(BEGIN | {"quick.txt": "Quick."} | whole)
    watch.tells(("added", "slow.txt"))
    assert ("updated", "slow.txt") not in watch.outcomes
    watch.tells(("updated", "leave.txt"))


def test_when_the_last_file_goes_its_document_goes(watch, folder):
    watch.becomes(BEGIN)
    for path in folder.rglob("*.txt"):
        path.unlink()
    watch.becomes({})


def test_a_folder_that_vanishes_takes_nothing_along_until_it_is_back(watch, folder, tmp_path):
    """A disk that is unmounted and mounted again."""
    watch.becomes(BEGIN)
    folder.rename(tmp_path / "unmounted")
    folder.mkdir()
    time.sleep(1.0)
    assert watch.texts() == BEGIN
    folder.rmdir()
    write(tmp_path / "unmounted" / "leave.txt", "Twenty-eight days.")
    (tmp_path / "unmounted").rename(folder)
    watch.becomes(BEGIN | {"leave.txt": "Twenty-eight days."})


def test_a_file_that_cannot_be_read_is_told_once(watch, folder):
    write(folder / "broken.pdf", "this is no PDF")
    latest = time.monotonic() + IN_TIME_S
    while ("failed", "broken.pdf") not in watch.outcomes:
        assert time.monotonic() < latest
        time.sleep(0.05)
    write(folder / "other.txt", "Other.")
    watch.becomes(BEGIN | {"other.txt": "Other."})
    assert watch.outcomes.count(("failed", "broken.pdf")) == 1


def test_only_folders_can_be_watched(watch, folder):
    for path in (folder / "leave.txt", folder / "nowhere"):
        with pytest.raises(SourceNotFoundError, match="folder"):
            watch.ingestor.watch([str(path)], on_report=print, stop=watch.stop)
