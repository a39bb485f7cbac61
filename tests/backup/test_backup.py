"""A backup is a moment of everything, and what is restored from it is that moment."""

from __future__ import annotations

import base64
import hashlib
import itertools
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from assistant.backup.records import RecordWriter
from assistant.backup.restoring import restore
from assistant.backup.sealed import SealedWriter
from assistant.backup.types import FORMAT, Opening
from assistant.data_directory import own_directory
from assistant.erasure.erasures import Erasures
from assistant.errors import (
    BackupError,
    BackupPassphraseError,
    DataDirectoryBusyError,
    DataDirectoryError,
    ReceiptError,
)
from assistant.signing import Signer
from assistant.types import OPERATOR, Readable
from tests.backup.conftest import (
    CANTEEN,
    KEPT,
    PASSPHRASE,
    RENT,
    all_rows,
    backups_of,
    begin_to_erase,
)
from tests.knowledge.conftest import Shelf
from tests.knowledge.test_migration import make_old_directory

Restored = Callable[..., Shelf]


def test_what_is_restored_has_the_same_rows_files_and_answers(shelf, backup, restored):
    other = restored(backup)
    assert all_rows(other) == all_rows(shelf)
    assert other.is_in_step()
    assert other.near(RENT) == shelf.near(RENT)
    assert other.matching("lentilles") == [CANTEEN]
    assert RENT not in other.near(RENT, Readable(groups=frozenset({"everyone"})))
    assert other.library.originals.path(hashlib.sha256(KEPT).hexdigest()).read_bytes() == KEPT
    assert other.library.audit.verify().ok
    other.library.audit.record("Anne", "ask", {})
    assert other.library.audit.verify().ok


def test_every_table_is_in_a_backup(shelf):
    there = set(inspect(shelf.database.engine).get_table_names()) - {"alembic_version"}
    assert there == all_rows(shelf).keys() | {"jobs", "exports"}


def test_settings_keys_and_receipts_come_along_for_their_owner_alone(shelf, tmp_path, restored):
    receipt = Erasures(shelf.library).erase_documents([shelf.id_of("file:///canteen")])
    (shelf.directory / "philo.toml").write_text("[retrieval]\npassages = 3\n")
    backups_of(shelf).take(str(tmp_path / "b"), PASSPHRASE)
    other = restored(tmp_path / "b")
    for name in ("philo.toml", "audit.key", "signing.key", f"receipts/{receipt.id}.json"):
        path = other.directory / name
        assert path.read_bytes() == (shelf.directory / name).read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    assert Erasures(other.library).check(receipt).own


def test_nothing_of_it_can_be_read_without_the_passphrase(backup):
    content = backup.read_bytes()
    assert backup.stat().st_mode & 0o077 == 0
    for secret in (b"loyer", b"Anne", b"%PDF", b"documents", b"audit"):
        assert secret not in content


def test_a_backup_under_writes_is_a_moment_that_was(shelf, tmp_path, restored):
    """Documents come in pairs, and every third pair goes again."""
    stop = threading.Event()
    moments: list[frozenset[int]] = [frozenset()]

    def write() -> None:
        for number in itertools.count():
            original = shelf.library.originals.keep_bytes(b"upload %d" % number)
            uris = [f"file:///pair-{number}-{side}" for side in ("a", "b")]
            shelf.library.publish_all(
                [shelf.publication(uri, f"paire {uri}", original=original) for uri in uris]
            )
            moments.append(moments[-1] | {number})
            if number % 3 == 0:
                shelf.library.retire_all([shelf.id_of(uri) for uri in uris])
                moments.append(moments[-1] - {number})
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reports = []
        while len(moments) < 6:
            path = tmp_path / f"b{len(reports)}"
            reports.append(backups_of(shelf).take(str(path), PASSPHRASE))
    finally:
        stop.set()
        writer.join()
    assert all(report.lost_originals == () for report in reports)
    other = restored(path)
    pairs = [
        document.uri.split("-")[1]
        for document in other.library.documents(OPERATOR, limit=1000)
        if "pair" in document.uri
    ]
    assert frozenset(map(int, pairs)) in moments
    assert all(pairs.count(pair) == 2 for pair in pairs)
    assert other.is_in_step()
    assert set(other.library.originals.names()) == originals_of(map(int, pairs))
    assert shelf.is_in_step()
    assert set(shelf.library.originals.names()) == originals_of(moments[-1])  # none is held back


def originals_of(pairs: Iterable[int]) -> set[str]:
    uploads = {hashlib.sha256(b"upload %d" % number).hexdigest() for number in pairs}
    return uploads | {hashlib.sha256(KEPT).hexdigest()}


def test_nothing_is_left_beside_the_backup(shelf, backup, tmp_path):
    assert not [*shelf.directory.glob("snapshot-*"), *tmp_path.glob(".*.part")]


def test_a_file_that_is_there_stays_unless_told_otherwise(shelf, backup):
    with pytest.raises(BackupError, match="there already"):
        backups_of(shelf).take(str(backup), PASSPHRASE)
    before = backup.read_bytes()
    backups_of(shelf).take(str(backup), PASSPHRASE, replace=True)
    assert backup.read_bytes() != before


def test_a_backup_into_the_data_directory_is_refused(shelf):
    with pytest.raises(BackupError, match="data directory"):
        backups_of(shelf).take(str(shelf.directory / "b"), PASSPHRASE)


def test_a_short_passphrase_is_refused(shelf, tmp_path):
    with pytest.raises(BackupPassphraseError, match="12"):
        backups_of(shelf).take(str(tmp_path / "b"), "short")
    assert not (tmp_path / "b").exists()


def test_a_damaged_kept_file_is_named_and_the_rest_is_saved(shelf, tmp_path, restored):
    name = hashlib.sha256(KEPT).hexdigest()
    shelf.library.originals.path(name).write_bytes(b"rotten")
    assert backups_of(shelf).take(str(tmp_path / "b"), PASSPHRASE).lost_originals == (name,)
    other = restored(tmp_path / "b")
    assert other.matching("loyer") == [RENT]
    assert other.library.originals.names() == []


def test_a_secret_key_outside_is_named(shelf, tmp_path, monkeypatch):
    key = tmp_path / "secret.key"
    key.write_text("0123" * 16)
    (shelf.directory / "philo.toml").write_text(f"[access]\nsecret_key_file = '{key}'\n")
    assert backups_of(shelf).take(str(tmp_path / "b"), PASSPHRASE).outside == (str(key),)


def test_a_directory_with_something_in_it_is_replaced_only_by_force(shelf, backup, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "precious").write_text("mine")
    with pytest.raises(BackupError, match="--force"):
        restore(backup, target, PASSPHRASE)
    assert (target / "precious").read_text() == "mine"
    restore(backup, target, PASSPHRASE, replace=True)
    assert not (target / "precious").exists()
    assert not (target / "before-restore").exists()
    assert (target / "philo.db").exists()


def test_a_directory_in_use_is_left_alone(backup, tmp_path):
    with own_directory(tmp_path / "target"), pytest.raises(DataDirectoryBusyError):
        restore(backup, tmp_path / "target", PASSPHRASE, replace=True)


def test_what_was_erased_since_is_erased_again(shelf, backup, restored, tmp_path):
    receipt = Erasures(shelf.library).erase_documents([shelf.id_of("file:///rent")])
    person = Erasures(shelf.library).erase_user("Anne")
    other = restored(backup, receipts=[receipt, person])
    assert other.near(RENT) == [CANTEEN]
    assert [user.name for user in other.library.people.users()] == []
    other.close()
    left = [path for path in other.directory.rglob("*") if path.is_file()]
    assert not any(b"loyer" in path.read_bytes() for path in left)


def test_receipts_of_the_directory_that_makes_room_are_followed(shelf, backup):
    Erasures(shelf.library).erase_documents([shelf.id_of("file:///rent")])
    shelf.close()
    report = restore(backup, shelf.directory, PASSPHRASE, replace=True)
    assert len(report.erased) == 1
    assert report.documents == 1


def test_an_erasure_that_is_not_finished_is_not_lost(shelf, backup):
    begin_to_erase(shelf, "file:///rent")
    shelf.close()
    with pytest.raises(BackupError, match=r"is not finished in .*Start Philo there"):
        restore(backup, shelf.directory, PASSPHRASE, replace=True)
    again = Shelf(shelf.directory)
    Erasures(again.library).resume()
    again.close()
    assert restore(backup, shelf.directory, PASSPHRASE, replace=True).documents == 1


def test_a_database_that_cannot_be_read_makes_room_all_the_same(shelf, backup):
    shelf.close()
    (shelf.directory / "philo.db").write_bytes(b"no database at all" * 1000)
    assert restore(backup, shelf.directory, PASSPHRASE, replace=True).documents == 2


def test_receipts_of_later_erasures_are_kept_for_the_next_restore(shelf, backup):
    """Whether they name something of this backup or not."""
    shelf.put("file:///later", "un document qui est venu apres la sauvegarde")
    erasures = Erasures(shelf.library)
    later = erasures.erase_documents([shelf.id_of("file:///later")])
    rent = erasures.erase_documents([shelf.id_of("file:///rent")])
    shelf.close()
    for _ in range(2):
        report = restore(backup, shelf.directory, PASSPHRASE, replace=True)
        kept = {path.stem for path in (shelf.directory / "receipts").glob("*.json")}
        assert {later.id, rent.id} <= kept
        assert {later.id, rent.id} <= {*report.erased}
        assert report.documents == 1


def test_receipts_that_were_given_are_kept_too(shelf, backup, restored):
    receipt = Erasures(shelf.library).erase_documents([shelf.id_of("file:///rent")])
    other = restored(backup, receipts=[receipt])
    assert (other.directory / "receipts" / f"{receipt.id}.json").exists()
    assert Erasures(other.library).check(receipt).own


def test_a_document_that_came_in_again_before_it_was_erased_is_erased_again(
    shelf, backup, restored
):
    former = shelf.id_of("file:///rent")
    shelf.library.retire(former)
    shelf.put("file:///rent", RENT)
    again = shelf.id_of("file:///rent")
    assert again != former
    receipt = Erasures(shelf.library).erase_documents([again])
    assert "file:///rent" not in receipt.model_dump_json()
    other = restored(backup, receipts=[receipt])
    assert other.matching("loyer") == []
    assert other.matching("lentilles") == [CANTEEN]


def test_a_receipt_of_an_earlier_philo_is_genuine_and_named_as_weaker(shelf, backup, tmp_path):
    receipt = Erasures(shelf.library).erase_documents([shelf.id_of("file:///rent")])
    old = receipt.model_copy(update={"addresses": [], "salt": ""})
    tree = old.signed()
    assert "addresses" not in tree  # as it was signed then
    old = old.model_copy(update={"signature": Signer(shelf.directory).sign(tree)})
    report = restore(backup, tmp_path / "there", PASSPHRASE, receipts=[old])
    assert report.by_id_alone == (old.id,)
    report = restore(backup, tmp_path / "here", PASSPHRASE, receipts=[receipt])
    assert report.by_id_alone == ()
    assert report.documents == 1


def test_what_the_file_system_keeps_for_itself_stays(backup, tmp_path):
    target = tmp_path / "target"
    (target / "lost+found").mkdir(parents=True)
    restore(backup, target, PASSPHRASE)  # empty enough
    restore(backup, target, PASSPHRASE, replace=True)
    assert (target / "lost+found").is_dir()
    assert (target / "philo.db").exists()


@pytest.fixture
def mounted(tmp_path):
    """A folder of a data directory that is another file system."""
    place = tmp_path / "target" / "mounted"
    place.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    if place.is_mount():
        subprocess.run(["umount", "--lazy", place], check=True)


def test_what_cannot_make_room_is_said_before_anything_is_decided(backup, mounted):
    target = mounted.parent
    (target / "precious").write_text("mine")
    with pytest.raises(DataDirectoryError, match=r"mounted there\).*nothing was"):
        restore(backup, target, PASSPHRASE, replace=True)
    assert {path.name for path in target.iterdir()} == {"philo.lock", "mounted", "precious"}


def test_a_file_that_is_mounted_from_the_same_file_system_is_seen(backup, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    for name in ("elsewhere", "target/philo.toml"):
        (tmp_path / name).touch()
    mount = ["mount", "--bind", tmp_path / "elsewhere", target / "philo.toml"]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(DataDirectoryError, match="mounted there"):
            restore(backup, target, PASSPHRASE, replace=True)
    finally:
        subprocess.run(["umount", "--lazy", target / "philo.toml"], check=True)


def test_a_restore_that_was_decided_and_cannot_be_finished_says_so(mounted):
    target = mounted.parent
    (target / "restored").mkdir()
    (target / "restored" / ".former").write_text("mounted")
    (target / "restored" / "philo.db").write_text("new")
    with pytest.raises(DataDirectoryError, match="mounted cannot be moved"):
        own_directory(target)
    subprocess.run(["umount", mounted], check=True)
    with pytest.raises(DataDirectoryError, match="finished now"):
        own_directory(target)
    assert (target / "philo.db").read_text() == "new"


def test_a_receipt_of_another_philo_is_refused(shelf, backup, open_shelf, tmp_path):
    stranger = open_shelf(tmp_path / "stranger")
    stranger.put("file:///x", "autre chose")
    receipt = Erasures(stranger.library).erase_documents([stranger.id_of("file:///x")])
    with pytest.raises(ReceiptError, match="not signed"):
        restore(backup, tmp_path / "target", PASSPHRASE, receipts=[receipt])
    assert {path.name for path in (tmp_path / "target").iterdir()} <= {"philo.lock"}


def test_a_receipt_names_the_backups_that_may_hold_what_was_erased(shelf, backup):
    receipt = Erasures(shelf.library).erase_documents([shelf.id_of("file:///rent")])
    assert any(str(backup) in stays.what for stays in receipt.stays)


def test_a_backup_of_a_newer_philo_is_refused(tmp_path):
    write_backup(
        tmp_path / "b", Opening(format=1, philo="9", schema_revision="9999", created_at="x")
    )
    with pytest.raises(BackupError, match="Philo 9; update Philo"):
        restore(tmp_path / "b", tmp_path / "target", PASSPHRASE)
    write_backup(
        tmp_path / "b",
        Opening(format=FORMAT + 1, philo="9", schema_revision="0001", created_at="x"),
    )
    with pytest.raises(BackupError, match="format 2"):
        restore(tmp_path / "b", tmp_path / "target", PASSPHRASE)


def write_backup(path: Path, opening: Opening) -> None:
    with path.open("wb") as file:
        writer = RecordWriter(SealedWriter(file, PASSPHRASE), opening)
        writer.finish(originals=0, original_bytes=0, lost_originals=())


def test_a_backup_of_the_first_philo_is_brought_up_to_date(tmp_path, open_shelf):
    """Its tables had fewer columns; the file says which."""
    make_old_directory(tmp_path / "old", Shelf.embed)
    engine = create_engine(f"sqlite:///{tmp_path / 'old' / 'philo.db'}")
    kinds = {"BLOB": "bytes", "INTEGER": "int", "BOOLEAN": "bool", "DATETIME": "time"}
    with (tmp_path / "b").open("wb") as file, engine.connect() as connection:
        writer = RecordWriter(
            SealedWriter(file, PASSPHRASE),
            Opening(
                format=1, philo="0.0", schema_revision="0001", created_at="2025-01-01T00:00:00Z"
            ),
        )
        for name in ("collections", "documents", "document_groups", "versions", "chunks"):
            columns = {
                one["name"]: kinds.get(str(one["type"]), "text")
                for one in inspect(engine).get_columns(name)
            }
            rows = [
                [in_json(value, kind) for value, kind in zip(row, columns.values(), strict=True)]
                for row in connection.execute(text(f"SELECT * FROM {name}"))  # noqa: S608
            ]
            writer.write_table(name, columns, iter([rows]))
        writer.finish(originals=0, original_bytes=0, lost_originals=())
    engine.dispose()
    report = restore(tmp_path / "b", tmp_path / "new", PASSPHRASE)
    assert (report.documents, report.chunks, report.schema_revision) == (2, 3, "0001")
    assert open_shelf(tmp_path / "new").is_in_step()


def in_json(value, kind):
    if kind == "bytes":
        return base64.b64encode(value).decode()
    return f"{value}+00:00" if kind == "time" and value is not None else value
