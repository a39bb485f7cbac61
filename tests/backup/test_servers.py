"""The same file restores onto either database."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import text

from assistant.backup.restoring import restore
from assistant.backup.taking import Backups
from assistant.erasure.erasures import Erasures
from assistant.errors import BackupError
from assistant.knowledge.opening import open_library_as_it_is
from assistant.knowledge.schema import revision_of
from assistant.settings import load_settings
from tests.backup.conftest import CANTEEN, PASSPHRASE, RENT, all_rows, backups_of, fill
from tests.knowledge.conftest import Shelf
from tests.knowledge.second_index import begin, catch_up


def test_from_postgresql_into_a_file(postgres_storage, tmp_path, restored):
    shelf = Shelf(tmp_path / "data", storage=postgres_storage)
    try:
        fill(shelf)
        settings = load_settings(shelf.directory, environ={})
        backups = Backups(shelf.library, Erasures(shelf.library), settings)
        backups.take(str(tmp_path / "b"), PASSPHRASE)
        other = restored(tmp_path / "b")
        assert all_rows(other) == all_rows(shelf)
        assert other.is_in_step()
        assert other.near(RENT) == [RENT, CANTEEN]
    finally:
        shelf.close()


def test_from_a_file_into_postgresql(shelf, postgres_storage, tmp_path, monkeypatch):
    backups_of(shelf).take(str(tmp_path / "b"), PASSPHRASE)
    address = postgres_storage.database.get_secret_value()
    monkeypatch.setenv("PHILO_STORAGE__DATABASE", address)
    restore(tmp_path / "b", tmp_path / "there", PASSPHRASE)
    assert not (tmp_path / "there" / "philo.db").exists()
    other = Shelf(tmp_path / "there", storage=postgres_storage)
    try:
        assert all_rows(other) == all_rows(shelf)
        other.library.reconcile()  # as every start does: the words are in the database, too
        assert other.is_in_step()
        assert other.matching("lentilles") == [CANTEEN]
    finally:
        other.close()
    with pytest.raises(BackupError, match="holds an installation"):
        restore(tmp_path / "b", tmp_path / "again", PASSPHRASE)


@pytest.fixture
def second_shelf(tmp_path):
    """Of which the first index has been switched from; its folder, and how to drop that one."""
    shelf = Shelf(tmp_path / "data")
    fill(shelf)
    shelf.close()
    with closing(open_library_as_it_is(shelf.directory)) as library:
        number = begin(library)
        catch_up(library)
        library.indexes.switch(number)
        yield library


@pytest.mark.parametrize("dropped", [True, False])
def test_indexes_in_any_folder_make_room_for_those_of_servers(
    second_shelf, dropped, postgres_storage, tmp_path, monkeypatch
):
    if dropped:
        second_shelf.indexes.drop(1)
    settings = load_settings(second_shelf.database.directory, environ={})
    Backups(second_shelf, Erasures(second_shelf), settings).take(str(tmp_path / "b"), PASSPHRASE)
    address = postgres_storage.database.get_secret_value()
    monkeypatch.setenv("PHILO_STORAGE__DATABASE", address)
    monkeypatch.setenv("PHILO_STORAGE__VECTORS", "pgvector")
    there = tmp_path / "there"
    assert restore(tmp_path / "b", there, PASSPHRASE).documents == 2
    assert not [*there.rglob("vectors"), *there.rglob("lexicon")]


def test_a_row_that_does_not_fit_is_told_of_the_backup(
    shelf, postgres_storage, tmp_path, monkeypatch
):
    with shelf.database.writing() as session:
        session.execute(text("UPDATE users SET role = :role"), {"role": "x" * 5000})
    backups_of(shelf).take(str(tmp_path / "b"), PASSPHRASE)
    address = postgres_storage.database.get_secret_value()
    monkeypatch.setenv("PHILO_STORAGE__DATABASE", address)
    with pytest.raises(BackupError, match="a value of users does not fit") as refused:
        restore(tmp_path / "b", tmp_path / "there", PASSPHRASE)
    assert "the source" not in str(refused.value)
    assert not (tmp_path / "there" / "philo.db").exists()


@pytest.fixture
def production(postgres_storage, shelf, tmp_path, monkeypatch):
    """A backup whose documents have since come onto a server that the settings name."""
    backups_of(shelf).take(str(tmp_path / "b"), PASSPHRASE)
    address = postgres_storage.database.get_secret_value()
    monkeypatch.setenv("PHILO_STORAGE__DATABASE", address)
    restore(tmp_path / "b", tmp_path / "there", PASSPHRASE)
    live = Shelf(tmp_path / "there", storage=postgres_storage)
    live.library.reconcile()
    yield live
    live.close()


def test_no_force_and_no_other_name_replaces_the_database_on_a_server(
    production, postgres_storage, tmp_path
):
    production.put("file:///since", "ce qui est venu depuis la sauvegarde")
    name = production.database.engine.url.database
    for options, said in (
        ({"replace": True}, f"--replace-database {name}"),
        ({"replace": True, "replace_database": f"{name}x"}, "and not"),
    ):
        with pytest.raises(BackupError, match=said):
            restore(tmp_path / "b", tmp_path / "trial", PASSPHRASE, **options)
    assert production.matching("sauvegarde")
    production.close()
    restore(tmp_path / "b", tmp_path / "trial", PASSPHRASE, replace_database=name)
    after = Shelf(tmp_path / "trial", storage=postgres_storage)
    try:
        after.library.reconcile()
        assert after.matching("sauvegarde") == []
        assert after.matching("lentilles") == [CANTEEN]
    finally:
        after.close()


def test_a_database_that_is_named_where_there_is_none_is_refused(backup, tmp_path):
    with pytest.raises(BackupError, match="leave out --replace-database"):
        restore(backup, tmp_path / "target", PASSPHRASE, replace_database="philo")


def test_receipts_of_the_database_that_makes_room_are_followed(production, tmp_path):
    """Also into another directory than theirs."""
    Erasures(production.library).erase_documents([production.id_of("file:///rent")])
    name = production.database.engine.url.database
    production.close()
    report = restore(tmp_path / "b", tmp_path / "trial", PASSPHRASE, replace_database=name)
    assert (len(report.erased), report.documents) == (1, 1)


def test_a_refused_restore_leaves_tables_of_another_version_as_they_are(production, tmp_path):
    newest = revision_of(production.database)

    def call_it(revision):
        with production.database.writing() as session:
            told = {"revision": revision}
            session.execute(text("UPDATE alembic_version SET version_num = :revision"), told)

    call_it("0001")
    try:
        with pytest.raises(BackupError, match="holds an installation"):
            restore(tmp_path / "b", tmp_path / "trial", PASSPHRASE, replace=True)
        assert revision_of(production.database) == "0001"
    finally:
        call_it(newest)  # other tests use the same database
