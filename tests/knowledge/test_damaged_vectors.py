"""Bytes of Chroma's files that were flipped or cut off, and folders that were lost: noticed, and
filled again from the database, never a wrong answer."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.vectors.chroma import ChromaVectors
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.knowledge.vectors.seal import DATABASE, VECTOR_FILES, is_sound
from assistant.types import OPERATOR

COUNT = 1_010
"""Chroma writes all of its files from a thousand on."""
D = 8


def draw_vectors(count: int, *, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, D)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


HELD = [
    VectorEntry(f"v:{number}", row, f"d{number // 9}", "default", frozenset({"everyone"}))
    for number, row in enumerate(draw_vectors(COUNT, seed=1))
]


def open_vectors(folder: Path) -> ChromaVectors:
    return ChromaVectors(folder, embedder_id="e", dimension=D)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors as an orderly end leaves them."""
    folder = tmp_path_factory.mktemp("closed") / "vectors"
    index = open_vectors(folder)
    index.add(HELD)
    index.close()
    return folder


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a kill leaves them."""
    room = tmp_path_factory.mktemp("killed")
    index = open_vectors(room / "open")
    index.add(HELD)
    shutil.copytree(room / "open", room / "vectors")
    index.close()
    return room / "vectors"


def damage(folder: Path, name: str, how: str, random: np.random.Generator) -> None:
    [path] = folder.rglob(name)
    content = bytearray(path.read_bytes())
    place = int(random.integers(len(content)))
    if how == "flipped":
        content[place] ^= 1 << int(random.integers(8))
    else:
        content = content[:place]
    path.write_bytes(content)


def copy_of(folder: Path, room: Path) -> Path:
    shutil.rmtree(room / "vectors", ignore_errors=True)
    return Path(shutil.copytree(folder, room / "vectors"))


def check_answers_after_filling(folder: Path) -> int:
    """How many had to be filled again."""
    index, exact = open_vectors(folder), MemoryVectors(D)
    missing = {one.chunk_id for one in HELD} - index.ids()
    index.add([one for one in HELD if one.chunk_id in missing])
    exact.add(HELD)
    for question in draw_vectors(10, seed=7):
        expected = exact.search(question, k=10, readable=OPERATOR)
        got = index.search(question, k=10, readable=OPERATOR)
        assert [hit.id for hit in got] == [hit.id for hit in expected]
    index.close()
    return len(missing)


def test_what_was_left_in_order_is_opened_as_it_is(closed: Path, tmp_path: Path) -> None:
    folder = copy_of(closed, tmp_path)
    for _ in range(2):
        assert is_sound(folder)
        assert check_answers_after_filling(folder) == 0


def test_what_a_kill_left_is_opened_as_it_is(killed: Path, tmp_path: Path) -> None:
    assert is_sound(killed)
    assert check_answers_after_filling(copy_of(killed, tmp_path)) == 0


@pytest.mark.parametrize("how", ["flipped", "cut"])
@pytest.mark.parametrize("name", [DATABASE, *VECTOR_FILES])
def test_damage_after_an_orderly_end_is_noticed_and_mended(
    closed: Path, tmp_path: Path, name: str, how: str
) -> None:
    random = np.random.default_rng([len(name), len(how)])
    for _ in range(12):
        folder = copy_of(closed, tmp_path)
        damage(folder, name, how, random)
        assert not is_sound(folder)
    assert check_answers_after_filling(folder) == COUNT


@pytest.mark.parametrize("name", [DATABASE, *VECTOR_FILES])
def test_files_that_a_power_cut_has_torn_are_noticed_and_mended(
    killed: Path, tmp_path: Path, name: str
) -> None:
    random = np.random.default_rng(len(name))
    for _ in range(4):
        folder = copy_of(killed, tmp_path)
        damage(folder, name, "cut", random)
        if name != "index_metadata.pickle":  # its inside is not looked at
            assert not is_sound(folder)
    [path] = folder.rglob(name)
    path.unlink()
    assert not is_sound(folder)


@pytest.mark.long
@pytest.mark.parametrize("how", ["flipped", "cut"])
@pytest.mark.parametrize("name", [DATABASE, *VECTOR_FILES])
def test_damage_at_many_places(closed: Path, tmp_path: Path, name: str, how: str) -> None:
    random = np.random.default_rng([len(name), len(how), 1])
    for _ in range(40):
        folder = copy_of(closed, tmp_path)
        damage(folder, name, how, random)
        assert check_answers_after_filling(folder) == COUNT
