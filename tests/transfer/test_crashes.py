"""Killed at any step, the source is in use as before, the target is none, and the next run does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing

from assistant.knowledge.database import open_as_it_is
from assistant.knowledge.vacancy import holds_any
from assistant.storage_settings import StorageSettings
from assistant.transfer.transferring import transfer
from assistant.types import OPERATOR
from tests.transfer.conftest import Place

STEPS = ["index 1:1", "rows:40", "comparing:40"]


def test_a_killed_move_leaves_the_source_and_no_target(furnished, tmp_path, make_storage):
    place = Place(tmp_path / "data")
    shutil.copytree(furnished, place.data)
    there = make_storage(vectors="pgvector")
    address = there.database.get_secret_value()
    command = [sys.executable, "-m", "tests.transfer.dying_transfer", place.data, address, *STEPS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as killed:
        for step in STEPS:
            assert killed.stdout.readline().strip() == step
            with closing(open_as_it_is(place.data / "philo.db", there)) as database:
                assert not holds_any(database)
            killed.stdin.write("\n")
            killed.stdin.flush()
    assert killed.returncode == 0
    with closing(place.open(StorageSettings())) as library:
        assert library.count(OPERATOR)[0] == 4
        assert library.audit.verify().ok
    report = transfer(place.settings(StorageSettings()), there)
    with closing(place.open(there)) as library:
        assert library.count(OPERATOR) == (report.documents, report.chunks)
