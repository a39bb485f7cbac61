"""All rows of a database: read in portions, put into another one, compared with it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, text
from sqlalchemy import Table as SqlTable
from sqlalchemy.exc import DBAPIError, IntegrityError

from assistant.errors import RowError
from assistant.knowledge.postgres import code_of, message_of
from assistant.knowledge.tables import Table

Row = tuple[Any, ...]

BATCH_ROWS = 500
BATCH_BYTES = 2**20
FETCHED_ROWS = 50
"""At a time from the database: some of them hold a book's text."""
UNFIT = "22"
"""How PostgreSQL's codes of values that are too long or too large begin."""


@dataclass(frozen=True, slots=True)
class Content:
    """Of a table: how many rows, and the SHA-256 of all their values in the order of the key."""

    rows: int
    sha256: str


def tables() -> Sequence[SqlTable]:
    """All that are the truth, those that others refer to first."""
    return Table.metadata.sorted_tables


def count_rows(connection: Connection) -> int:
    """In all tables."""
    counts = (select(func.count()).select_from(one) for one in tables())
    return sum(connection.scalar(query) or 0 for query in counts)


def read_batches(connection: Connection, one: SqlTable) -> Iterator[list[Row]]:
    """All rows by their key, in portions of about 1 MiB."""
    batch: list[Row] = []
    size = 0
    for row in _read(connection, one):
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
        if size >= BATCH_BYTES or len(batch) >= BATCH_ROWS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def empty_tables(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        named = ", ".join(f'"{one.name}"' for one in tables())
        connection.execute(text(f"TRUNCATE {named}"))  # a row after the other takes minutes
        return
    for one in reversed(tables()):
        connection.execute(delete(one))


Translating = Callable[[], AbstractContextManager[None]]
"""`Database.translating` of the target: inside a session of the source, its errors would else be
told as errors of the source."""


def copy_rows(
    source: Connection,
    target: Connection,
    translating: Translating,
    tell: Callable[[int], None] = lambda _rows: None,
) -> None:
    """Let the tables of `target` hold the rows of `source` and no others.

    Args:
        tell: told how many rows there are so far.
    Raises:
        RowError: a value does not fit into a column of the target.
    """
    with translating():
        if target.dialect.name == "postgresql":
            # The source may be slow between two portions.
            target.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        empty_tables(target)
    done = 0
    for one in tables():
        names = [column.name for column in one.columns]
        for batch in read_batches(source, one):
            with translating(), _named(one):
                target.execute(insert(one), [dict(zip(names, row, strict=True)) for row in batch])
            done += len(batch)
            tell(done)
    if target.dialect.name == "postgresql":
        with translating():
            _set_sequences(target)


@contextlib.contextmanager
def _named(one: SqlTable) -> Iterator[None]:
    try:
        yield
    except IntegrityError as exc:
        raise RowError(
            f"a row of {one.name} refers to one that is not there, or is there twice "
            f"({message_of(exc)})",
            "philo doctor names it",
        ) from exc
    except DBAPIError as exc:
        if not code_of(exc).startswith(UNFIT):
            raise
        raise RowError(
            f"a value of {one.name} does not fit into a column of the target ({message_of(exc)})",
            "Shorten it in the source, and run the command again",
        ) from exc


def compare_rows(
    source: Connection,
    target: Connection,
    translating: Translating,
    tell: Callable[[int], None] = lambda _rows: None,
) -> dict[str, Content]:
    """What both hold, by table. A NUL counts as the sign that PostgreSQL keeps in its place.

    Raises:
        RowError: a row is missing, is too many, or differs; says which one.
    """
    done = 0
    found = {}
    for one in tables():
        rows, digest = 0, hashlib.sha256()
        mine, theirs = _plain(_read(source, one)), _plain(_read(target, one, translating))
        ours, other = next(mine, None), next(theirs, None)
        while ours is not None or other is not None:
            if ours is None or other is None or ours != other:
                raise _differ(one, ours, other)
            digest.update(repr(ours).encode("utf-8", "surrogatepass"))
            rows += 1
            if rows % BATCH_ROWS == 0:
                tell(done + rows)
            ours, other = next(mine, None), next(theirs, None)
        done += rows
        tell(done)
        found[one.name] = Content(rows, digest.hexdigest())
    return found


def _read(
    connection: Connection, one: SqlTable, translating: Translating = contextlib.nullcontext
) -> Iterator[Row]:
    query = select(*one.columns).order_by(*one.primary_key.columns)
    with translating():
        for row in connection.execute(query, execution_options={"yield_per": FETCHED_ROWS}):
            yield tuple(row)


def _plain(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        yield tuple(
            value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row
        )


def _differ(one: SqlTable, ours: Row | None, other: Row | None) -> RowError:
    columns = [column.name for column in one.columns]
    places = [columns.index(column.name) for column in one.primary_key.columns]

    def key(row: Row) -> Row:
        return tuple(row[place] for place in places)

    if other is None or (ours is not None and key(ours) < key(other)):
        assert ours is not None  # noqa: S101 - one of both is there
        named, what = ours, "is missing in the target"
    elif ours is None or key(other) < key(ours):
        named, what = other, "is in the target and not in the source"
    else:
        named = ours
        pairs = zip(columns, ours, other, strict=True)
        what = f"differs in {', '.join(name for name, one, two in pairs if one != two)}"
    told = ", ".join(
        f"{columns[place]} {value!r}" for place, value in zip(places, key(named), strict=True)
    )
    return RowError(
        f"the row of {one.name} with {told} {what}: somebody changed it meanwhile",
        "Find out which program writes there, and run the command again",
    )


def _set_sequences(connection: Connection) -> None:
    """The next number of each follows the greatest that was copied."""
    for one in tables():
        for column in one.columns:
            name = connection.scalar(
                select(func.pg_get_serial_sequence(f'"{one.name}"', column.name))
            )
            if name is not None:
                most = connection.scalar(select(func.max(column)))
                connection.execute(select(func.setval(literal(name), most or 1, most is not None)))
