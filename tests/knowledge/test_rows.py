"""Rows put into another database: whose fault it is when one cannot be."""

from __future__ import annotations

from contextlib import closing

import pytest

from assistant.errors import RowError, StorageFullError
from assistant.knowledge.database import open_database
from assistant.knowledge.rows import copy_rows
from assistant.knowledge.snapshot import moment
from tests.knowledge.conftest import Shelf


def test_a_full_target_is_not_told_as_a_source_that_is_away(postgres_storage, tmp_path):
    with (
        closing(Shelf(tmp_path / "data", storage=postgres_storage)) as shelf,
        closing(open_database(tmp_path / "target.db")) as target,
    ):
        shelf.put("file:///long", "un texte qui ne tient pas " * 20_000)
        with target.engine.connect() as connection:  # which the pool keeps, and gives again
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # it stays as large as it is
        with (
            pytest.raises(StorageFullError, match=r"target\.db"),
            target.writing() as session,
            moment(shelf.database) as rows,
        ):
            copy_rows(rows, session.connection(), target.translating)


def test_a_row_that_is_refused_is_named_without_its_content(postgres_storage, tmp_path):
    with (
        closing(Shelf(tmp_path / "data")) as shelf,
        closing(open_database(tmp_path / "x.db", postgres_storage)) as target,
    ):
        shelf.put("file:///salaries", "le salaire d'Anne")
        with target.writing() as session:
            session.connection().exec_driver_sql(
                "ALTER TABLE documents ADD CONSTRAINT short CHECK (length(uri) < 5)"
            )
        try:
            with (
                pytest.raises(RowError, match="a row of documents") as refused,
                target.writing() as session,
                moment(shelf.database) as rows,
            ):
                copy_rows(rows, session.connection(), target.translating)
        finally:
            with target.writing() as session:
                session.connection().exec_driver_sql("ALTER TABLE documents DROP CONSTRAINT short")
        assert "salaries" not in str(refused.value)
