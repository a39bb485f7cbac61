"""Killed at any step, a restore leaves the directory as it was, or whole as it was to be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.data_directory import own_directory
from assistant.errors import DataDirectoryError
from tests.backup.dying_restore import NEW, OLD

BEFORE = ["restore:rows", "restore:files", "restore:indexes", "restore:placing", "rename:1"]
AFTER = ["rename:2", "rename:4", "rename:8", "rename:12"]
BACKUP = ["backup:snapshot", "backup:rows", "backup:originals"]


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("killed")
    steps = [*BEFORE, *AFTER, *BACKUP]
    command = [sys.executable, "-m", "tests.backup.dying_restore", root, *steps]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return root


@pytest.mark.parametrize("step", BEFORE)
def test_before_it_is_decided_all_stays(killed, step, open_shelf):
    data = killed / step / "data"
    own_directory(data).release()
    shelf = open_shelf(data)
    assert shelf.matching("document") == [OLD]
    assert shelf.is_in_step()
    assert (data / "philo.toml").exists()
    assert not (data / "restoring").exists()


@pytest.mark.parametrize("step", AFTER)
def test_once_it_is_decided_the_next_start_finishes_it(killed, step, open_shelf):
    data = killed / step / "data"
    with pytest.raises(DataDirectoryError, match="finished now"):
        own_directory(data)
    own_directory(data).release()
    shelf = open_shelf(data)
    assert shelf.matching("document") == [NEW]
    assert shelf.is_in_step()
    assert shelf.library.audit.verify().ok
    assert not (data / "philo.toml").exists()
    assert not [*data.glob("*restor*")]


@pytest.mark.parametrize("step", BACKUP)
def test_a_killed_backup_leaves_the_one_before(killed, step, open_shelf):
    folder = killed / step
    assert (folder / "kept").read_text() == "the backup of before"
    own_directory(folder / "data").release()
    assert not [*(folder / "data").glob("snapshot-*")]
    assert open_shelf(folder / "data").matching("document") == [OLD]
