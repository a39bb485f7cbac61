"""Many values through one: a list as one parameter of a statement, rows as one value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Text,
    bindparam,
    column,
    literal,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from assistant.knowledge.packing import pack_json

Key = TypeVar("Key", str, int)

IDS_A_STATEMENT = 5_000
"""SQLite takes 32,766 parameters at most."""


def all_of(values: Iterable[str]) -> Select[str]:
    """Any number of values as one parameter, so that a statement is compiled only once.

    One with a NUL is left out, for SQLite would end it there and find what it must not.
    PostgreSQL keeps none.
    """
    return _each_of(literal(pack_values(values)))


def all_of_parameter(name: str) -> Select[str]:
    """The same for a statement that is made once: its parameter takes `pack_values`."""
    return _each_of(bindparam(name, type_=String))


def pack_values(values: Iterable[str]) -> str:
    return pack_json([value for value in values if "\0" not in value])


def _each_of(packed: ColumnElement[str]) -> Select[str]:
    return select(column("value", String)).select_from(_EachOfJson(packed))


class _EachOfJson(FunctionElement[Any]):
    """Rows with a `value`, one for each string in a JSON list."""

    inherit_cache = True


@compiles(_EachOfJson, "sqlite")
def _each_in_sqlite(element: _EachOfJson, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_EachOfJson, "postgresql")
def _each_in_postgres(element: _EachOfJson, compiler: SQLCompiler, **options: Any) -> str:
    packed = compiler.process(element.clauses, **options)
    return f"json_array_elements_text(CAST({packed} AS json))"


def in_batches(ids: Sequence[Key]) -> Iterator[Sequence[Key]]:
    for first in range(0, len(ids), IDS_A_STATEMENT):
        yield ids[first : first + IDS_A_STATEMENT]


def as_one_value(query: Select[*tuple[Any, ...]]) -> Select[str]:
    """A query whose columns are texts, numbers or NULL, for `fetch_rows`.

    SQLite's driver gives the interpreter's lock away and takes it again for each row: where many
    threads want it, a row costs more than all that is in it.
    """
    return query.with_only_columns(_JsonRows(*query.selected_columns))


def fetch_rows(
    session: Session, query: Select[str], parameters: Mapping[str, str]
) -> list[list[Any]]:
    """All rows of what was made one value, in no order."""
    rows: list[list[Any]] = json.loads(session.scalar(query, parameters) or "[]")
    return rows


class _JsonRows(FunctionElement[str]):
    type = Text()
    inherit_cache = True


@compiles(_JsonRows, "sqlite")
def _rows_in_sqlite(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(_JsonRows, "postgresql")
def _rows_in_postgres(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    columns = compiler.process(element.clauses, **options)
    return f"CAST(json_agg(json_build_array({columns})) AS text)"
