"""Rows of any table as JSON, and back, whatever the database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Text,
    column,
    insert,
    table,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.types import TypeEngine

from assistant.backup.records import strange
from assistant.knowledge.rows import read_batches
from assistant.knowledge.tables import UtcDateTime

TYPES: dict[str, type[TypeEngine[Any]]] = {
    "time": UtcDateTime,
    "bool": Boolean,
    "bytes": LargeBinary,
    "int": BigInteger,
    "float": Float,
    "text": Text,
}


def columns_of(one: SqlTable) -> dict[str, str]:
    """Name -> kind."""
    return {each.name: _kind(each) for each in one.columns}


def read_rows(connection: Connection, one: SqlTable) -> Iterator[list[Any]]:
    """All rows by their key, in portions."""
    kinds = list(columns_of(one).values())
    for batch in read_batches(connection, one):
        yield [
            [_encode(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in batch
        ]


def write_rows(
    connection: Connection, name: str, columns: Mapping[str, str], payload: bytes
) -> int:
    """Insert what `read_rows` gave; how many.

    Raises:
        BackupDamagedError: the rows are not of these columns.
    """
    if unknown := set(columns.values()) - TYPES.keys():
        raise strange(f"columns of kind {sorted(unknown)}")
    target = table(name, *(column(each, TYPES[kind]) for each, kind in columns.items()))
    values = [
        {
            each: _decode(value, kind)
            for value, (each, kind) in zip(row, columns.items(), strict=True)
        }
        for row in json.loads(payload.decode("utf-8", "surrogatepass"))
    ]
    if values:
        connection.execute(insert(target), values)
    return len(values)


def _kind(one: Column[Any]) -> str:
    kind = one.type
    if isinstance(kind, (UtcDateTime, DateTime)):
        return "time"
    if isinstance(kind, Boolean):
        return "bool"
    if isinstance(kind, LargeBinary):
        return "bytes"
    if isinstance(kind, Float):
        return "float"
    return "int" if isinstance(kind, Integer) else "text"


def _encode(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "time":
        return value.astimezone(UTC).isoformat()
    return base64.b64encode(value).decode() if kind == "bytes" else value


def _decode(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "time":
        return datetime.fromisoformat(value)
    return base64.b64decode(value) if kind == "bytes" else value
