"""Who has a data directory: one owner, or several processes that share it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.data_directory import announced, find_service, own_directory, share_directory
from assistant.errors import DataDirectoryBusyError

SERVING = """
import sys, pathlib
from assistant.data_directory import announced, share_directory
path = pathlib.Path(sys.argv[1])
lock = share_directory(path)
with announced(path, "http://127.0.0.1:1/api"):
    print("serving", flush=True)
    sys.stdin.read()
"""


def test_those_who_share_it_keep_an_owner_out(tmp_path: Path) -> None:
    first, second = share_directory(tmp_path), share_directory(tmp_path)
    first.release()
    with pytest.raises(DataDirectoryBusyError, match="in use by another"):
        own_directory(tmp_path)
    second.release()
    own_directory(tmp_path).release()


def test_an_owner_keeps_those_out_who_would_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.data_directory.CLEARING_S", 0.1)
    with own_directory(tmp_path), pytest.raises(DataDirectoryBusyError):
        share_directory(tmp_path)


def test_a_service_that_was_killed_is_not_found_while_others_share_the_directory(
    tmp_path: Path,
) -> None:
    share = share_directory(tmp_path)
    served = subprocess.Popen(
        [sys.executable, "-c", SERVING, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with served:
        assert served.stdout is not None
        served.stdout.readline()
        found = find_service(tmp_path)
        assert found is not None
        assert found.url == "http://127.0.0.1:1/api"
        served.kill()
    assert (tmp_path / "service.json").exists()
    assert find_service(tmp_path) is None
    share.release()


def test_the_newest_service_is_found_and_its_end_hides_no_other(tmp_path: Path) -> None:
    with announced(tmp_path, "http://127.0.0.1:1/api"):
        with announced(tmp_path, "http://127.0.0.1:2/api") as newest:
            assert find_service(tmp_path) == newest
        assert find_service(tmp_path) is None  # the older one answers, but is not found any more
    with announced(tmp_path, "http://127.0.0.1:3/api") as third:
        assert find_service(tmp_path) == third
