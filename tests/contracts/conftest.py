"""Each full-text index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.knowledge.database import open_database
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.lexicon.postgres import PostgresLexicon
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.postgres import PostgresDatabase


@pytest.fixture(params=["on disk", "in memory", "postgresql"])
def lexicon(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lexicon]:
    if request.param == "postgresql":
        storage = request.getfixturevalue("postgres_storage")
        database = open_database(tmp_path / "philo.db", storage)
        assert isinstance(database, PostgresDatabase)
        yield PostgresLexicon(database, number=1)
        database.close()
        return
    opened: Lexicon = TantivyLexicon(tmp_path / "lexicon" if request.param == "on disk" else None)
    yield opened
    opened.close()
