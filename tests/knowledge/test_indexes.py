"""A second index beside the one in use: it follows every change, and takes over whole."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.errors import IndexExistsError, UnknownIndexError
from assistant.knowledge.indexes import find_index_in_use
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.opening import open_library
from assistant.knowledge.second_room import SecondRoom
from assistant.types import OPERATOR, Readable
from tests.knowledge.second_index import (
    DIMENSION,
    SECOND,
    begin,
    catch_up,
    embed_otherwise,
    open_first,
)

HR = Readable(frozenset({"hr"}))


def second_words(library: Library, readable: Readable = OPERATOR) -> set[str]:
    """What the second index finds by its vectors, and by its full text, for any word."""
    stores = library.indexes.second_stores
    assert stores is not None
    assert stores.vectors.ids() == stores.lexicon.ids()
    room = SecondRoom(library.database, stores)
    hits = room.search_dense(embed_otherwise("a")[0], k=500, readable=readable)
    return {chunk.text for chunk in room.chunks([hit.id for hit in hits], readable).values()}


def words_in_use(library: Library, dimension: int, readable: Readable = OPERATOR) -> set[str]:
    vector = np.zeros(dimension, np.float32)
    vector[0] = 1
    hits = library.search_dense(vector, k=500, readable=readable)
    return {chunk.text for chunk in library.chunks([hit.id for hit in hits], readable).values()}


@pytest.fixture
def library(tmp_path: Path, open_shelf: Callable[..., Any]) -> Any:
    shelf = open_shelf(tmp_path)
    shelf.put("file:///a", "ancien loyer", "ancienne cantine")
    shelf.put("file:///b", "le parking", groups=("hr",))
    shelf.hold("file:///h", "mal lu")
    shelf.close()
    opened = open_first(tmp_path)
    yield opened
    opened.close()


def test_the_first_goes_on_answering_while_the_second_is_built(library: Library) -> None:
    begin(library)
    assert words_in_use(library, 8) == {"ancien loyer", "ancienne cantine", "le parking"}
    assert library.indexes.progress() == (0, 3)
    catch_up(library)
    assert library.indexes.progress() == (3, 3)
    assert words_in_use(library, 8) == {"ancien loyer", "ancienne cantine", "le parking"}
    assert second_words(library) == {"ancien", "ancienne", "loyer", "cantine", "le", "parking"}
    assert [(one.id, one.state, one.chunks) for one in library.indexes.infos()] == [
        (1, "in use", 4),
        (2, "ready", 8),
    ]


def test_the_second_takes_over_and_gives_back(library: Library) -> None:
    second = begin(library)
    with pytest.raises(UnknownIndexError, match="not whole"):
        library.indexes.switch(second)
    catch_up(library)
    before = {info.uri: info.id for info in library.documents(OPERATOR)}
    library.indexes.switch(second)
    assert library.embedder_id == SECOND
    assert words_in_use(library, DIMENSION) == {
        *("ancien", "ancienne", "loyer", "cantine", "le", "parking")
    }
    assert {info.uri: info.id for info in library.documents(OPERATOR)} == before
    assert [info.reason for info in library.documents(OPERATOR, state="quarantined")] == [
        "read badly"
    ]
    library.indexes.switch(1)
    assert words_in_use(library, 8) == {"ancien loyer", "ancienne cantine", "le parking"}
    assert library.reconcile() == type(library.reconcile())()


def test_the_one_before_is_kept_when_stores_are_looked_through(library: Library) -> None:
    second = begin(library)
    catch_up(library)
    library.indexes.switch(second)
    assert library.reconcile() == type(library.reconcile())()
    library.indexes.switch(1)
    assert words_in_use(library, 8) == {"ancien loyer", "ancienne cantine", "le parking"}


def test_permission_holds_in_both(library: Library) -> None:
    second = begin(library)
    catch_up(library)
    everyone = Readable()
    assert "parking" not in second_words(library, everyone)
    assert second_words(library, HR) == {"le", "parking"}
    [b] = [info for info in library.documents(HR) if info.uri == "file:///b"]
    library.set_groups(b.id, frozenset({"law"}))
    assert second_words(library, HR) == set()
    library.indexes.switch(second)
    assert words_in_use(library, DIMENSION, HR) == set()
    assert words_in_use(library, DIMENSION, Readable(frozenset({"law"}))) == {"le", "parking"}
    library.set_groups(b.id, frozenset({"hr"}))
    library.indexes.switch(1)
    assert words_in_use(library, 8, HR) == {"le parking"}


def test_a_removed_document_is_gone_from_both_when_the_call_returns(library: Library) -> None:
    begin(library)
    catch_up(library)
    [a] = [info for info in library.documents(OPERATOR) if info.uri == "file:///a"]
    library.retire(a.id)
    assert second_words(library) == {"le", "parking"}
    assert b"ancien" not in b"".join(
        path.read_bytes() for path in library.database.path.parent.glob("philo.db*")
    )
    assert library.indexes.progress() == (2, 2)


def test_new_versions_and_released_ones_reach_both(library: Library) -> None:
    second = begin(library)
    catch_up(library)
    library.publish_all([build_publication("file:///a", "nouveau loyer")])
    assert second_words(library) == {"le", "parking"}, "what it replaced is gone at once"
    assert library.indexes.progress() == (2, 3)
    [held] = library.documents(OPERATOR, state="quarantined")
    library.release(held.id)
    assert second_words(library) == {"le", "parking", "mal", "lu"}
    catch_up(library)
    assert second_words(library) == {"le", "parking", "mal", "lu", "nouveau", "loyer"}
    library.indexes.switch(second)
    assert words_in_use(library, DIMENSION) == {"le", "parking", "mal", "lu", "nouveau", "loyer"}


def build_publication(uri: str, *texts: str) -> Publication:
    shelf = runpy.run_path(str(Path(__file__).with_name("conftest.py")))
    draft = shelf["build_draft"](uri, *texts)
    return Publication(draft, shelf["embed"](*texts), "default", groups=frozenset({"everyone"}))


def test_only_two_and_only_the_second_may_go(library: Library) -> None:
    second = begin(library)
    with pytest.raises(IndexExistsError, match=f"philo index drop {second}"):
        begin(library)
    with pytest.raises(UnknownIndexError, match="in use"):
        library.indexes.drop(1)
    catch_up(library)
    library.indexes.drop(second)
    assert [one.id for one in library.indexes.records()] == [1]
    assert library.count(OPERATOR) == (2, 3)
    assert not [*(library.database.path.parent / "indexes").iterdir()]
    assert library.reconcile() == type(library.reconcile())()
    third = begin(library)
    catch_up(library)
    library.indexes.switch(third)
    library.indexes.drop(1)
    assert not (library.database.path.parent / "vectors").exists()
    assert words_in_use(library, DIMENSION) >= {"ancien", "parking"}


def test_both_are_there_after_opening_again(library: Library, tmp_path: Path) -> None:
    second = begin(library)
    catch_up(library)
    library.indexes.switch(second)
    library.close()
    record = find_index_in_use(tmp_path)
    assert record is not None
    assert (record.embedder_id, record.dimension, record.chunk_tokens) == (SECOND, DIMENSION, 100)
    again = open_library(tmp_path, embedder_id=SECOND, dimension=DIMENSION)
    assert again.reconcile() == type(again.reconcile())()
    again.indexes.switch(1)
    assert words_in_use(again, 8) == {"ancien loyer", "ancienne cantine", "le parking"}
    again.close()


def test_lost_files_of_the_second_are_filled_again(library: Library, tmp_path: Path) -> None:
    begin(library)
    catch_up(library)
    library.close()
    shutil.rmtree(tmp_path / "indexes")
    again = open_first(tmp_path)
    assert "parking" in second_words(again)
    again.close()


STEPS = (
    "index registered",
    "counterparts staged",
    "counterparts indexed",
    "counterparts added",
    "switched",
    "index forgotten",
    "index files removed",
)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds one data directory for each step, whose owner was killed there."""
    root = tmp_path_factory.mktemp("killed")
    script = [sys.executable, "-m", "tests.knowledge.dying_indexer", str(root), *STEPS]
    subprocess.run(script, check=True, timeout=120, cwd=Path(__file__).parents[2])
    return root


@pytest.mark.parametrize("step", STEPS)
def test_whatever_dies_one_index_answers_and_the_rest_can_be_done_again(
    step: str, killed: Path
) -> None:
    directory = killed / step
    record = find_index_in_use(directory)
    assert record is not None
    switched = step in ("switched", "index forgotten", "index files removed")
    assert record.embedder_id == (SECOND if switched else "test-embedder")
    again = open_library(directory, embedder_id=record.embedder_id, dimension=record.dimension)
    assert again.count(OPERATOR)[0] == 2
    parking = "parking" if switched else "le parking"
    assert parking in words_in_use(again, record.dimension)
    assert again.reconcile() == type(again.reconcile())()
    if not switched:
        catch_up(again)
        again.indexes.switch(2)
        assert "parking" in words_in_use(again, DIMENSION)
    elif step == "switched":
        again.indexes.switch(1)
        assert "le parking" in words_in_use(again, 8)
    else:
        assert [one.id for one in again.indexes.records()] == [2]
        assert not (directory / "vectors").exists()
    again.close()


def test_readers_meet_one_index_or_the_other_while_they_change_places(library: Library) -> None:
    """Documents come and go while two threads read."""
    second = begin(library)
    catch_up(library)
    counts: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            counts.append(library.count(OPERATOR)[1])

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(10):
        library.indexes.switch(second)
        library.indexes.switch(1)
    stop.set()
    for reader in readers:
        reader.join()
    assert set(counts) <= {3, 6}
