"""A library is closed soon, whatever is being filled in, here or by another process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from assistant.errors import StoreUnavailableError, VectorsLostError
from assistant.knowledge.postgres import PostgresDatabase
from assistant.knowledge.vectors.base import VectorEntry
from assistant.storage_settings import StorageSettings
from tests.knowledge.conftest import Shelf
from tests.servers.postgres import PostgresServer

TEXTS = [f"règle {number}" for number in range(4)]


class SlowFilling:
    """Each portion takes until `go_on` is set."""

    def __init__(self) -> None:
        self.portions = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def add(self, entries: Sequence[VectorEntry]) -> None:
        self.portions += 1
        self.begun.set()
        assert self.go_on.wait(30)


@pytest.mark.parametrize("lost", ["some", "all"])
def test_what_is_being_filled_in_ends_with_its_portion_and_goes_on_at_the_next_start(
    open_shelf: Callable[..., Shelf], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    shelf = open_shelf(tmp_path)
    shelf.put("file:///rules", *TEXTS)
    shelf.vectors.remove(sorted(shelf.vectors.ids()))
    filling = SlowFilling()
    monkeypatch.setattr("assistant.knowledge.upkeep.REFILL_CHUNKS", 1)
    with monkeypatch.context() as patch, ThreadPoolExecutor() as pool:
        patch.setattr(shelf.vectors, "add", filling.add)
        if lost == "all":
            patch.setattr(shelf.vectors, "count", lose)
            patch.setattr(shelf.vectors, "renew", lambda fill, _alone: fill(filling.add))
        refill = pool.submit(shelf.library.reconcile)
        assert filling.begun.wait(10)
        closed = pool.submit(shelf.library.close)
        time.sleep(0.1)
        filling.go_on.set()
        with pytest.raises(StoreUnavailableError, match="next start"):
            refill.result(10)
        closed.result(10)
    assert filling.portions == 1
    again = open_shelf(tmp_path)
    again.library.reconcile()
    assert again.is_in_step()


def test_another_process_that_fills_in_is_not_waited_for(
    open_shelf: Callable[..., Shelf], postgres_storage: StorageSettings, tmp_path: Path
) -> None:
    shelf = open_shelf(tmp_path, in_memory=True, storage=postgres_storage)
    with closing(PostgresDatabase(tmp_path, postgres_storage)) as other, other.turn("knowledge"):
        began_s = time.monotonic()
        shelf.library.close()
    assert time.monotonic() - began_s < 5


def test_a_database_that_is_away_keeps_nobody_from_closing(
    open_shelf: Callable[..., Shelf], mortal_postgres: PostgresServer, tmp_path: Path
) -> None:
    storage = mortal_postgres.storage(mortal_postgres.create())
    shelf = open_shelf(tmp_path, in_memory=True, storage=storage)
    mortal_postgres.kill()
    shelf.library.close()


def lose() -> int:
    raise VectorsLostError("lost")
