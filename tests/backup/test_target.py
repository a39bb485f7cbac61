"""A database on a server is replaced beside nobody, all of it or nothing."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest
from sqlalchemy import text

from assistant import sole_use
from assistant.backup.restoring import restore
from assistant.erasure.erasures import Erasures
from assistant.errors import BackupError, DataDirectoryBusyError, DataDirectoryError
from assistant.knowledge.database import open_as_it_is, open_database
from assistant.knowledge.schema import revision_of
from assistant.storage_settings import StorageSettings
from tests.backup.conftest import PASSPHRASE, backups_of, begin_to_erase
from tests.disks import small_disk
from tests.knowledge.conftest import Shelf

SINCE = "ce qui est venu depuis la sauvegarde"


@pytest.fixture
def storage(postgres_server, postgres_url, monkeypatch) -> StorageSettings:
    """Of an empty database, which the environment names."""
    monkeypatch.setattr(sole_use, "LEAVING_S", 0.5)
    monkeypatch.setenv("PHILO_STORAGE__DATABASE", postgres_url)
    return postgres_server.storage(postgres_url.rpartition("/")[2])


@pytest.fixture
def again(backup, storage, tmp_path):
    """Restores the backup over a database with something newer in it."""
    name = storage.database.get_secret_value().rpartition("/")[2]

    def restore_again(**options):
        return restore(
            backup, tmp_path / "again", PASSPHRASE, replace_database=name, replace=True, **options
        )

    restore_again()
    with closing(Shelf(tmp_path / "again", storage=storage)) as live:
        live.put("file:///since", SINCE)
    return restore_again


def texts(storage, directory) -> set[str]:
    with (
        closing(open_as_it_is(directory / "philo.db", storage)) as database,
        database.reading() as session,
    ):
        return set(session.scalars(text("SELECT uri FROM documents")))


def test_who_works_on_the_database_keeps_it(again, storage, tmp_path, postgres_server):
    def at_work():
        name = storage.database.get_secret_value().rpartition("/")[2]
        return closing(postgres_server.connect(name, name="philo"))

    with at_work(), pytest.raises(DataDirectoryBusyError, match="another process of Philo"):
        again()
    with ExitStack() as begun:

        def begin(progress) -> None:
            if progress.step == "database":
                begun.enter_context(at_work())

        with pytest.raises(DataDirectoryBusyError, match="another process of Philo"):
            again(listener=begin)
    assert "file:///since" in texts(storage, tmp_path)
    again()
    assert "file:///since" not in texts(storage, tmp_path)


def test_an_erasure_that_ends_meanwhile_is_not_lost(again, storage, tmp_path):
    def erase(progress) -> None:
        if progress.step == "database":
            with closing(Shelf(tmp_path / "again", storage=storage)) as other:
                Erasures(other.library).erase_documents([other.id_of("file:///rent")])

    with pytest.raises(BackupError, match=r"an erasure was finished in .*run the command again"):
        again(listener=erase)
    assert "file:///since" in texts(storage, tmp_path)
    assert len(again().erased) == 1
    assert texts(storage, tmp_path) == {"file:///canteen"}


def test_an_erasure_that_is_not_finished_is_not_lost(again, storage, tmp_path):
    with closing(Shelf(tmp_path / "again", storage=storage)) as live:
        begin_to_erase(live, "file:///rent")
    with pytest.raises(BackupError, match="is not finished in"):
        again()
    assert "file:///since" in texts(storage, tmp_path)
    with closing(Shelf(tmp_path / "again", storage=storage)) as live:
        Erasures(live.library).resume()
    assert len(again().erased) == 1


def test_what_cannot_make_room_is_said_before_the_rows_are_replaced(again, storage, tmp_path):
    with (
        small_disk(tmp_path / "again" / "mounted", "1m"),
        pytest.raises(DataDirectoryError, match="nothing was"),
    ):
        again()
    assert "file:///since" in texts(storage, tmp_path)


def test_tables_of_another_version_are_brought_up_with_the_rows_or_not_at_all(
    shelf, storage, tmp_path
):
    open_database(tmp_path / "x", storage, revision="0030").close()
    with shelf.database.writing() as session:
        session.execute(text("UPDATE users SET role = :role"), {"role": "x" * 5000})
    backups_of(shelf).take(str(tmp_path / "b"), PASSPHRASE)
    with pytest.raises(BackupError, match="Nothing was changed"):
        restore(tmp_path / "b", tmp_path / "there", PASSPHRASE)
    with closing(open_as_it_is(tmp_path / "x", storage)) as database:
        assert revision_of(database) == "0030"
    with shelf.database.writing() as session:
        session.execute(text("UPDATE users SET role = 'reader'"))
    backups_of(shelf).take(str(tmp_path / "c"), PASSPHRASE)
    assert restore(tmp_path / "c", tmp_path / "there", PASSPHRASE).documents == 2


def test_files_that_cannot_take_their_place_are_told_with_what_to_do(again, monkeypatch):
    def fail(_data) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("assistant.backup.restoring.decide", fail)
    with pytest.raises(BackupError, match=r"holds the rows .*--replace-database test_"):
        again()
