"""Whatever is recorded in a database keeps it from being replaced without a word."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest

from assistant.audit import HoldKind
from assistant.erasure.erasures import Erasures
from assistant.errors import BackupError
from assistant.knowledge.opening import open_library
from assistant.knowledge.vacancy import holds_any, require_vacant
from tests.knowledge.conftest import DIMENSION, EMBEDDER, Shelf


def erase_the_only_document(shelf: Shelf) -> None:
    Erasures(shelf.library).erase_documents([shelf.put("file:///a", "un texte")])


RECORDS: dict[str, Callable[[Shelf], object]] = {
    "audit": lambda shelf: shelf.library.audit.record("Anne", "ask", {}),
    "hold": lambda shelf: shelf.library.audit.holds.add(
        HoldKind.USER, subject="Anne", reason="a lawsuit"
    ),
    "receipt": erase_the_only_document,
    "export": lambda shelf: shelf.library.exports.note("backup", "/elsewhere/backup"),
    "document": lambda shelf: shelf.put("file:///a", "un texte"),
    "person": lambda shelf: shelf.library.people.add_user("Anne", groups=[]),
}


@pytest.mark.parametrize("record", RECORDS)
def test_a_database_with_anything_of_somebodys_is_not_empty(storage, tmp_path, record):
    with closing(Shelf(tmp_path, storage=storage)) as shelf:
        assert not holds_any(shelf.database)
        RECORDS[record](shelf)
        assert holds_any(shelf.database)
        with pytest.raises(BackupError, match="holds an installation already"):
            require_vacant(shelf.database, "", setting="philo.toml", error=BackupError)


def test_a_database_that_was_only_opened_is_empty(storage, tmp_path):
    with closing(
        open_library(tmp_path, embedder_id=EMBEDDER, dimension=DIMENSION, storage=storage)
    ) as library:
        assert not holds_any(library.database)
