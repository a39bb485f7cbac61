"""Many rows as one value, on both databases."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import literal, null, select, union_all

from assistant.knowledge.bulk import as_one_value, fetch_rows
from assistant.knowledge.database import open_database
from assistant.storage_settings import StorageSettings


def test_rows_come_as_they_are_stored(tmp_path: Path, storage: StorageSettings) -> None:
    database = open_database(tmp_path / "philo.db", storage)
    rows = union_all(
        select(literal('l\'été "chaud"').label("text"), literal(1).label("number")),
        select(null(), literal(2)),
    ).subquery()
    with database.reading() as session:
        found = fetch_rows(session, as_one_value(select(rows.c.text, rows.c.number)), {})
        few = select(rows.c.text, rows.c.number).where(rows.c.number > 2)
        none = fetch_rows(session, as_one_value(few), {})
    assert sorted(found, key=lambda row: row[1]) == [['l\'été "chaud"', 1], [None, 2]]
    assert none == []
    database.close()
