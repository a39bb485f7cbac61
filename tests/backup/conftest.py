"""A shelf with a kept file, a user, and a way to back it up and to restore it elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.backup import sealed
from assistant.backup.restoring import restore
from assistant.backup.rows import read_rows
from assistant.backup.taking import Backups
from assistant.erasure.erasures import Erasures
from assistant.knowledge.indexes import note_index_in_use
from assistant.knowledge.rows import tables
from assistant.knowledge.snapshot import snapshot
from assistant.settings import load_settings
from tests.knowledge.conftest import DIMENSION, EMBEDDER, Shelf

PASSPHRASE = "four words that nobody guesses"
RENT = "le loyer du bureau de Lyon est de douze mille euros"
CANTEEN = "la cantine sert des lentilles le lundi"
KEPT = b"%PDF the bytes of an upload" * 4000
CHANGED_BY_OPENING = {"jobs", "exports"}


def fill(shelf: Shelf) -> None:
    library = shelf.library
    with shelf.database.writing() as session:
        note_index_in_use(
            session, embedder=EMBEDDER, embedder_id=EMBEDDER, dimension=DIMENSION, chunk_tokens=220
        )
    library.people.add_user("Anne", groups=["rh"])
    original = library.originals.keep_bytes(KEPT)
    shelf.put("file:///rent", RENT, original=original, groups=("rh",))
    shelf.put("file:///canteen", CANTEEN)
    library.audit.record("Anne", "ask", {"passages": []})


def backups_of(shelf: Shelf) -> Backups:
    settings = load_settings(shelf.directory, environ={})
    return Backups(shelf.library, Erasures(shelf.library), settings)


class PowerCutError(Exception):
    pass


def begin_to_erase(shelf: Shelf, uri: str) -> None:
    """An erasure that is broken off once it was asked for."""

    def stop(step: str) -> None:
        if step == "erasure asked":
            raise PowerCutError

    shelf.library.failpoint = stop
    with pytest.raises(PowerCutError):
        Erasures(shelf.library).erase_documents([shelf.id_of(uri)])
    shelf.library.failpoint = lambda step: None


def all_rows(shelf: Shelf) -> dict[str, list[Any]]:
    """Table -> rows, but for what opening and backing up change."""
    with snapshot(shelf.database, shelf.directory) as connection:
        return {
            one.name: [row for batch in read_rows(connection, one) for row in batch]
            for one in tables()
            if one.name not in CHANGED_BY_OPENING
        }


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keys from passphrases in a tenth of the time, and temporary folders of one's own."""
    monkeypatch.setattr(sealed, "SCRYPT_N", sealed.LEAST_SCRYPT_N)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))


@pytest.fixture
def open_shelf() -> Iterator[Callable[[Path], Shelf]]:
    opened: list[Shelf] = []

    def open_one(directory: Path) -> Shelf:
        directory.mkdir(exist_ok=True)
        opened.append(Shelf(directory))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def shelf(tmp_path: Path, open_shelf: Callable[[Path], Shelf]) -> Shelf:
    filled = open_shelf(tmp_path / "data")
    fill(filled)
    return filled


@pytest.fixture
def backup(shelf: Shelf, tmp_path: Path) -> Path:
    path = tmp_path / "philo.backup"
    backups_of(shelf).take(str(path), PASSPHRASE)
    return path


@pytest.fixture
def restored(tmp_path: Path, open_shelf: Callable[[Path], Shelf]) -> Callable[..., Shelf]:
    """Restores a backup into a fresh directory and opens that."""

    def restore_and_open(path: Path, **options: Any) -> Shelf:
        directory = tmp_path / "elsewhere"
        restore(path, directory, PASSPHRASE, **options)
        return open_shelf(directory)

    return restore_and_open
