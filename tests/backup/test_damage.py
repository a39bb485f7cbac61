"""A backup that is not as it was written is refused, and nothing is changed by it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.backup import sealed
from assistant.backup.restoring import restore
from assistant.backup.sealed import LENGTH, MAGIC, SealedReader
from assistant.errors import BackupDamagedError, BackupPassphraseError, StorageFullError
from tests.backup.conftest import PASSPHRASE, backups_of
from tests.disks import small_disk


@pytest.fixture
def backup(shelf, tmp_path, monkeypatch) -> Path:
    """Of many frames."""
    monkeypatch.setattr(sealed, "FRAME_BYTES", 700)
    backups_of(shelf).take(str(tmp_path / "b"), PASSPHRASE)
    return tmp_path / "b"


def frames(content: bytes) -> tuple[bytes, list[bytes]]:
    """(what comes before, each frame with its length)"""
    start = len(MAGIC)
    (length,) = LENGTH.unpack_from(content, start)
    start += LENGTH.size + length
    head, found = content[:start], []
    while start < len(content):
        (length,) = LENGTH.unpack_from(content, start)
        found.append(content[start : start + LENGTH.size + length])
        start += LENGTH.size + length
    return head, found


def refuse(content: bytes, tmp_path: Path) -> None:
    """As damaged, and without a trace in the directory that was to be filled."""
    path, target = tmp_path / "damaged", tmp_path / "target"
    path.write_bytes(content)
    with pytest.raises((BackupDamagedError, BackupPassphraseError)):
        restore(path, target, PASSPHRASE)
    assert {one.name for one in target.iterdir()} <= {"philo.lock"}


def test_a_backup_that_is_cut_short_is_refused(backup, tmp_path):
    content = backup.read_bytes()
    head, pieces = frames(content)
    assert len(pieces) >= 4
    ends = [0, 3, len(MAGIC), len(head) - 1, len(head), len(content) - 1]
    ends += [len(head) + len(b"".join(pieces[:count])) for count in (1, 2, len(pieces) - 1)]
    for end in ends:
        refuse(content[:end], tmp_path)


def test_frames_that_are_left_out_twice_or_in_another_order_are_refused(backup, tmp_path):
    head, pieces = frames(backup.read_bytes())
    swapped = [pieces[1], pieces[0], *pieces[2:]]
    for wrong in (swapped, pieces[1:], [*pieces[:1], *pieces[2:]], [pieces[0], *pieces]):
        refuse(head + b"".join(wrong), tmp_path)
    refuse(head + b"".join(pieces) + pieces[-1], tmp_path)
    refuse(head + b"".join(pieces) + b"\0", tmp_path)


def test_frames_of_another_backup_are_refused(backup, shelf, tmp_path):
    backups_of(shelf).take(str(tmp_path / "other"), PASSPHRASE)
    head, pieces = frames(backup.read_bytes())
    _, others = frames((tmp_path / "other").read_bytes())
    refuse(head + pieces[0] + b"".join(others[1:]), tmp_path)


def test_any_flipped_bit_is_found(backup):
    """Without restoring each time: the reader gives nothing back that is not authentic."""
    content = backup.read_bytes()
    head = len(frames(content)[0])
    some = random.Random(7).sample(range(head, len(content)), 60)  # noqa: S311
    for place in [*range(0, head, 9), *some]:
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        with pytest.raises((BackupDamagedError, BackupPassphraseError)):
            read_all(bytes(flipped))
    read_all(content)


def read_all(content: bytes) -> None:
    import io

    reader = SealedReader(io.BytesIO(content), PASSPHRASE)
    while reader._some(2**16):
        pass


def test_another_passphrase_is_said_to_be_one(backup, tmp_path):
    with pytest.raises(BackupPassphraseError, match="not the one"):
        restore(backup, tmp_path / "target", PASSPHRASE + "!")


def test_a_file_that_is_no_backup_is_said_to_be_none(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear all")
    with pytest.raises(BackupDamagedError, match="no backup"):
        restore(tmp_path / "letter.txt", tmp_path / "target", PASSPHRASE)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "60k") as place:
        yield place


def test_a_full_disk_leaves_neither_a_backup_nor_a_restore(shelf, backup, disk):
    before = shelf.library.originals.keep_bytes(random.Random(1).randbytes(200_000))  # noqa: S311
    shelf.put("file:///large", "un grand fichier", original=before)
    with pytest.raises(StorageFullError, match="disk"):
        backups_of(shelf).take(str(disk / "b"), PASSPHRASE)
    assert [*disk.iterdir()] == []
    with pytest.raises(StorageFullError, match="no space"):
        restore(backup, disk / "data", PASSPHRASE)
    assert {one.name for one in (disk / "data").iterdir()} <= {"philo.lock"}


def test_a_full_data_disk_stops_a_backup_and_nothing_else(shelf, tmp_path, disk, monkeypatch):
    """The copy of the database lies beside it."""
    from assistant.backup import taking

    def on_the_small_disk(database, _folder):
        return real(database, disk)

    real = taking.snapshot
    monkeypatch.setattr(taking, "snapshot", on_the_small_disk)
    with pytest.raises(StorageFullError):
        backups_of(shelf).take(str(tmp_path / "never"), PASSPHRASE)
    assert not (tmp_path / "never").exists()
    assert [*disk.iterdir()] == []
    assert shelf.is_in_step()
