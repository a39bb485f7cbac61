"""Segments of a full-text index in PostgreSQL, and that it ranks as the one in files does."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from assistant.knowledge.database import open_database
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.lexicon.postgres import PostgresLexicon
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.postgres import PostgresDatabase
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR
from tests.contracts.lexicons import entry, found


def test_no_merge_makes_a_segment_larger_than_one_statement_can(
    tmp_path: Path, postgres_storage: StorageSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.knowledge.lexicon.postgres.LARGEST", 40)
    database = open_database(tmp_path / "philo.db", postgres_storage)
    assert isinstance(database, PostgresDatabase)
    lexicon = PostgresLexicon(database, number=1)
    for call in range(48):
        lexicon.add([entry(f"{call:02d}:{number}", "loyer") for number in range(3)])
    with database.reading() as session:
        query = "SELECT size FROM lexicon_1.segments"
        sizes = [*session.connection().exec_driver_sql(query).scalars()]
    assert sum(sizes) == 144
    assert 3 < max(sizes) <= 40
    assert len(lexicon.search("loyer", k=200, readable=OPERATOR, language="fr")) == 144
    database.close()


def test_both_rank_alike_and_segments_are_merged(
    tmp_path: Path, postgres_storage: StorageSettings
) -> None:
    """Forty changes of one chunk each, some of them replaced or removed again."""
    database = open_database(tmp_path / "philo.db", postgres_storage)
    assert isinstance(database, PostgresDatabase)
    words = "loyer bureau congés prime salaire retard facture contrat bail avenant".split()

    def sizes() -> list[int]:
        with database.reading() as session:
            query = "SELECT size FROM lexicon_1.segments ORDER BY id"
            return [*session.connection().exec_driver_sql(query).scalars()]

    both: list[Lexicon] = [TantivyLexicon(), PostgresLexicon(database, number=1)]
    for lexicon in both:
        for number in range(40):
            text = " ".join(words[number * step % 10] for step in range(1, 4 + number % 7))
            lexicon.add([entry(f"{number:02d}:0", text)])
        lexicon.remove(["07:0", "absent"])
        lexicon.add([entry("08:0", "loyer")])
        if lexicon is both[1]:
            assert sorted(sizes()) == [1] * 9 + [16, 16]
        assert "08:0" in found(lexicon, "loyer", k=50)
        assert "07:0" not in found(lexicon, "bureau", k=50)
        fill = [entry(f"{n}:1", "loyer " * n) for n in (1, 2)]
        lexicon.renew(lambda add, fill=fill: add(fill), contextlib.nullcontext)
        lexicon.add([entry(f"{number:02d}:0", words[number % 10]) for number in range(40)])
    for query in ("loyer", "congés prime", "le loyer du bureau en retard"):
        one, other = (
            lexicon.search(query, k=50, readable=OPERATOR, language="fr") for lexicon in both
        )
        assert [hit.score for hit in one] == pytest.approx([hit.score for hit in other], rel=1e-3)
        assert {hit.id for hit in one} == {hit.id for hit in other}
    assert both[0].ids() == both[1].ids()
    assert sizes() == [2, 40]
    database.close()
