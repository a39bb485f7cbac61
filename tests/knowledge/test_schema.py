"""Older and newer processes over one database; tables taken back, with what is in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, inspect, select, text, update

from assistant.backup.taking import Backups
from assistant.erasure.erasures import Erasures
from assistant.errors import (
    DataDirectoryBusyError,
    DataDirectoryError,
    KnowledgeError,
    MigrationError,
)
from assistant.knowledge import schema
from assistant.knowledge.database import Database, open_database
from assistant.knowledge.schema import (
    list_undone,
    may_work_beside,
    newest_revision,
    revision_of,
    take_down,
)
from assistant.knowledge.tables import JobRow, StopRow, Table, VersionRow
from assistant.settings import load_settings
from assistant.storage_settings import StorageSettings
from tests.backup.conftest import fill
from tests.knowledge.conftest import Shelf

ADDING = '''
"""Languages that a document is translated into."""
import sqlalchemy as sa
from alembic import op
revision = "9001"
down_revision = "{newest}"
oldest_beside = "{newest}"
def upgrade():
    op.add_column("versions", sa.Column("tone", sa.Text(), nullable=False, server_default="plain"))
    op.create_table("translations", sa.Column("document_id", sa.String(32), sa.ForeignKey(
        "documents.id", ondelete="CASCADE"), primary_key=True), sa.Column("language", sa.Text()))
    op.create_index("ix_jobs_kind", "jobs", ["kind"])
def downgrade():
    op.drop_index("ix_jobs_kind", "jobs")
    op.drop_table("translations")
    op.drop_column("versions", "tone")
'''
TAKING = '''
"""Ratings without reasons."""
from alembic import op
revision = "9002"
down_revision = "9001"
def upgrade():
    op.drop_column("ratings", "reason")
def downgrade():
    raise NotImplementedError
'''


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A Philo that has more migrations than this one."""
    folder = tmp_path / "newer"

    @contextmanager
    def with_steps(*steps: str) -> Iterator[None]:
        shutil.copytree(schema.MIGRATIONS, folder, dirs_exist_ok=True)
        for step in steps:
            number = "9001" if step is ADDING else "9002"
            told = step.replace("{newest}", newest_revision())
            (folder / "versions" / f"v{number}_step.py").write_text(told)
        with monkeypatch.context() as patched:
            patched.setattr(schema, "MIGRATIONS", folder)
            yield

    return with_steps


@pytest.fixture(params=["sqlite", "postgresql"])
def own_storage(request: pytest.FixtureRequest) -> Iterator[StorageSettings]:
    """A database that no other test uses."""
    if request.param == "sqlite":
        yield StorageSettings()
        return
    server = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.storage(name)
    server.drop(name)


def test_an_older_process_works_on_beside_a_schema_that_only_adds(
    own_storage, tmp_path, newer
) -> None:
    before = Shelf(tmp_path, storage=own_storage)
    document = before.put("file:///a", "le loyer de Lyon")
    with newer(ADDING):
        open_database(tmp_path / "philo.db", own_storage).close()
    before.put("file:///b", "la cantine de Lyon")  # begun before, working on
    assert sorted(before.matching("Lyon")) == ["la cantine de Lyon", "le loyer de Lyon"]
    with before.database.writing() as session:
        told = {"id": document}
        session.execute(text("INSERT INTO translations VALUES (:id, 'fr')"), told)
    before.library.retire(document)
    before.close()
    after = Shelf(tmp_path, storage=own_storage)  # begun beside it
    try:
        assert revision_of(after.database) == "9001"
        assert may_work_beside(after.database)
        after.put("file:///c", "le jardin de Lyon")
        assert after.count("translations") == 0  # nothing of a removed document stays
        with after.database.reading() as session:
            assert {*session.scalars(text("SELECT tone FROM versions"))} == {"plain"}
        erasures = Erasures(after.library)
        with pytest.raises(DataDirectoryError, match=r"9001.*Use the newer Philo"):
            erasures.erase_documents([after.id_of("file:///c")])
        backups = Backups(after.library, erasures, load_settings(tmp_path, environ={}))
        with pytest.raises(DataDirectoryError, match="Use the newer Philo"):
            backups.take(str(tmp_path.parent / "backup"), "four words that nobody guesses")
    finally:
        after.close()
    with newer(ADDING):
        database = open_database(tmp_path / "philo.db", own_storage)
        assert list_undone(database, newest_revision_but(1)) == [
            ("9001", "Languages that a document is translated into.")
        ]
        take_down(database, newest_revision_but(1))
        database.close()
    with closing(open_database(tmp_path / "philo.db", own_storage)) as database:
        assert revision_of(database) == newest_revision()
        assert "translations" not in inspect(database.engine).get_table_names()


def newest_revision_but(last: int) -> str:
    return schema.known_revisions()[-1 - last]


def test_an_older_process_refuses_a_schema_that_takes_away(own_storage, tmp_path, newer) -> None:
    open_database(tmp_path / "philo.db", own_storage).close()
    with newer(ADDING, TAKING):
        open_database(tmp_path / "philo.db", own_storage).close()
    with pytest.raises(
        DataDirectoryError, match=rf"has schema 9002.*migrate --down {newest_revision()}"
    ):
        open_database(tmp_path / "philo.db", own_storage)


def test_a_schema_that_takes_away_waits_for_older_processes(
    postgres_server, tmp_path, newer
) -> None:
    storage = postgres_server.storage(postgres_server.create())
    older = (
        "from assistant.knowledge.database import open_database; from pathlib import Path; "
        "from assistant.storage_settings import StorageSettings; import sys; "
        "d = open_database(Path('x'), StorageSettings(database=sys.argv[1])); print(); input()"
    )
    command = [sys.executable, "-c", older, storage.database.get_secret_value()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with newer(ADDING):
            open_database(tmp_path / "philo.db", storage).close()
        with newer(ADDING, TAKING), pytest.raises(DataDirectoryError, match="older Philo"):
            open_database(tmp_path / "philo.db", storage)
        process.communicate(b"\n")
    with newer(ADDING, TAKING), closing(open_database(tmp_path / "philo.db", storage)) as database:
        assert revision_of(database) == "9002"


def test_connections_of_a_philo_that_does_not_say_its_schema_count_as_older(
    postgres_server, tmp_path, newer
) -> None:
    name = postgres_server.create()
    storage = postgres_server.storage(name)
    open_database(tmp_path / "philo.db", storage).close()
    for told in ("philo 12 of somebody", "philosophy", "philo"):
        with closing(postgres_server.connect(name, name=told)):
            with closing(open_database(tmp_path / "philo.db", storage)) as database:
                assert database.others() == ([""] if told == "philo" else [])
            if told == "philo":
                with (
                    newer(ADDING, TAKING),
                    pytest.raises(DataDirectoryError, match=r"of an older Philo.*before 0031"),
                ):
                    open_database(tmp_path / "philo.db", storage)


def test_a_revision_that_older_processes_may_meet_only_adds(own_storage, tmp_path, newer) -> None:
    """Of every revision that says so, of this Philo and of the one that the tests make."""
    path = tmp_path / "philo.db"
    with newer(ADDING):
        known = schema.known_revisions()
        first = known.index(schema.STATED_SINCE)
        open_database(path, own_storage, revision=known[first - 1]).close()
        former = known[first - 1]
        for revision in known[first:]:
            with closing(open_database(path, own_storage, revision=former)) as database:
                before = shape(database)
            with closing(open_database(path, own_storage, revision=revision)) as database:
                with database.reading() as session:
                    oldest = session.scalar(text("SELECT oldest FROM alembic_version"))
                if oldest < revision:
                    assert taken_away(before, shape(database)) == [], revision
            former = revision
    assert former == "9001"
    assert taken_away({"a": {"x": ("TEXT", True)}}, {"a": {"y": ("TEXT", False)}}) == ["a.x", "a.y"]


def shape(database: Database) -> dict[str, dict[str, tuple[str, bool]]]:
    """Table -> column -> (type, whether it may be left out); unique and foreign keys likewise."""
    look = inspect(database.engine)
    found: dict[str, dict[str, tuple[str, bool]]] = {
        str(table): {
            one["name"]: (str(one["type"]), one["nullable"] or one["default"] is not None)
            for one in columns
        }
        for (_, table), columns in look.get_multi_columns().items()
    }
    for (_, table), constraints in look.get_multi_unique_constraints().items():
        for one in constraints:
            found[str(table)][f"unique {one['column_names']}"] = ("", False)
    for (_, table), keys in look.get_multi_foreign_keys().items():
        for key in keys:
            named = f"to {key['referred_table']} {key['constrained_columns']}"
            found[str(table)][named] = ("", False)
    return found


def taken_away(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What an older process would miss, or would have to fill."""
    lost = [
        f"{table}.{name}"
        for table, columns in before.items()
        for name, what in columns.items()
        if after.get(table, {}).get(name) != what
    ]
    demanded = [
        f"{table}.{name}"
        for table, columns in after.items()
        for name, (_, optional) in columns.items()
        if table in before and name not in before[table] and not optional
    ]
    return lost + demanded


def all_rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Of all tables that are there, whatever they are."""
    known = MetaData()
    known.reflect(database.engine)
    with database.reading() as session:
        return {
            one.name: [
                dict(row)
                for row in session.execute(select(one).order_by(*one.primary_key)).mappings()
            ]
            for one in known.tables.values()
            if one.name != "alembic_version"
        }


def held_by(rows: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """Of these rows, what tables of that shape hold."""
    return {
        table: [{name: row[name] for name in row if name in shape[table]} for row in some]
        for table, some in rows.items()
        if table in shape
    }


def test_every_revision_that_can_be_taken_back_keeps_the_rest(own_storage, tmp_path) -> None:
    shelf = Shelf(tmp_path, storage=own_storage)
    fill(shelf)
    with shelf.database.writing() as session:
        session.add(StopRow(id=1, state="{}"))
        session.execute(update(VersionRow).values(size_bytes=2**31 - 1))
        session.execute(update(JobRow).values(owner_key="user:anne"))
    assert shelf.count("changes")
    shelf.close()
    steps = [one for one in schema.known_revisions() if one >= schema.LOWEST]
    path = tmp_path / "philo.db"
    with closing(open_database(path, own_storage)) as database:
        newest = rows = all_rows(database)
        for revision in reversed(steps[:-1]):
            take_down(database, revision)
            assert revision_of(database) == revision
            lowest = shape(database)
            former, rows = rows, all_rows(database)
            assert rows == held_by(former, lowest)
    with closing(open_database(path, own_storage)) as database:
        assert held_by(all_rows(database), lowest) == held_by(newest, lowest)
        with database.engine.connect() as connection:
            own = connection.dialect.name
            options = {
                "compare_server_default": True,
                "include_object": lambda one, *_: one.info.get("dialect", own) == own,
            }
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Table.metadata) == []
    again = Shelf(tmp_path, storage=own_storage)
    again.library.reconcile()
    assert again.is_in_step()
    assert again.library.audit.verify().ok
    again.close()


def test_who_begins_to_work_before_the_tables_are_taken_back_keeps_them(
    postgres_server, tmp_path
) -> None:
    name = postgres_server.create()
    with closing(open_database(tmp_path / "x", postgres_server.storage(name))) as database:
        with (
            closing(postgres_server.connect(name, name="philo")),
            pytest.raises(DataDirectoryBusyError, match="has begun to work"),
        ):
            take_down(database, "0030")
        assert revision_of(database) == newest_revision()


def test_what_does_not_fit_into_earlier_tables_takes_nothing_back(
    postgres_server, tmp_path
) -> None:
    storage = postgres_server.storage(postgres_server.create())
    shelf = Shelf(tmp_path, storage=storage)
    fill(shelf)
    with shelf.database.writing() as session:
        session.execute(update(VersionRow).values(size_bytes=2**40))
    with pytest.raises(KnowledgeError, match="cannot be stored"):
        take_down(shelf.database, "0017")
    assert revision_of(shelf.database) == newest_revision()
    assert shelf.count("changes")
    shelf.close()


@pytest.mark.parametrize(
    ("revision", "said"),
    [("0009", "before any release"), ("1234", "no revision before"), ("", "no revision before")],
)
def test_other_revisions_lead_nowhere(tmp_path, revision, said) -> None:
    with (
        closing(open_database(tmp_path / "philo.db")) as database,
        pytest.raises(MigrationError, match=said),
    ):
        take_down(database, revision)
