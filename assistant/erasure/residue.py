"""Searching everything that is kept for what should be gone."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import inspect, text

from assistant.audit.chain import KEY_FILE as AUDIT_KEY
from assistant.data_directory import LOCK_NAME, SERVICE_NAME
from assistant.erasure.former_stores import FormerStores
from assistant.erasure.holders import Holder
from assistant.erasure.scanning import count_matches, files_under
from assistant.erasure.traces import FOLDER, Traces
from assistant.erasure.types import RECEIPTS, Residue, Searched
from assistant.knowledge.database import Database
from assistant.knowledge.indexes import DATABASE
from assistant.knowledge.library import Library
from assistant.signing import KEY_FILE as SIGNING_KEY

OWN_FOLDERS = (FOLDER, RECEIPTS)
OWN_FILES = (AUDIT_KEY, SIGNING_KEY, LOCK_NAME, SERVICE_NAME)
IDS_MAY_STAY = ("audit", "audit_contents", "erasures", "holds", "changes")
"""Tables: audit rows keep the ids of what they were about; other processes have to be told of
what is gone."""
NAMES_MAY_STAY = ("erasures", "documents", "versions", "chunks", "pieces", "jobs", "notes")
"""Tables: a name in a document is the document's, and so is the address of an upload."""
TEMPORARY = ("philo-fetch-", "philo-parse-", "philo-upload-", "philo-cluster-")
BLOCK_BYTES = 2**20


def search_everywhere(
    library: Library,
    traces: Traces,
    holders: Sequence[Holder],
    tell: Callable[[int, int], None],
) -> tuple[Searched, list[Residue]]:
    """
    Args:
        tell: told how many files of how many were looked through.
    """
    directory = library.database.directory
    needles, ids = traces.needles(), traces.id_needles()
    found: list[Residue] = []
    files = files_under([directory, *temporary_folders()])
    size = 0
    for number, path in enumerate(files, start=1):
        inside = path.relative_to(directory).parts if path.is_relative_to(directory) else ()
        if inside[:1] and (inside[0] in OWN_FOLDERS or inside[0] in OWN_FILES):
            continue
        counted = count_matches(path, needles)
        if not path.name.startswith(DATABASE) and traces.ids:
            counted += count_matches(path, ids)
        found += _residue("/".join(inside) or str(path), counted)
        size += _size(path)
        tell(number, len(files))
    tables = _search_tables(library.database, traces, found)
    _search_indexes(library, traces, found)
    if traces.ids:
        found += FormerStores(library).full_texts()
    for holder in holders:
        found += _residue(holder.name, Counter({"text": holder.residue(traces)}))
    searched = Searched(
        files=len(files),
        bytes=size,
        tables=tables,
        texts=len(traces.phrases),
        vectors=len(traces.vectors),
        ids=len(traces.ids) + len(traces.chunks),
    )
    return searched, found


def temporary_folders() -> list[Path]:
    """Of this user's Philo processes; those that were killed left them behind."""
    root = Path(tempfile.gettempdir())
    own = os.getuid() if hasattr(os, "getuid") else None
    return [
        path
        for path in root.glob("philo-*")
        if path.name.startswith(TEMPORARY)
        and path.is_dir()
        and (own is None or path.stat().st_uid == own)
    ]


def _search_tables(database: Database, traces: Traces, found: list[Residue]) -> int:
    """How many tables were read."""
    tables = inspect(database.engine).get_table_names()
    needles, ids = traces.needles(), traces.id_needles()
    names = {one.casefold() for one in traces.names}
    for table in tables:
        counted: Counter[str] = Counter()
        for block in _table_blocks(database, table):
            counted.update(needles.label(one) for _, one in needles.find(block))
            if table not in IDS_MAY_STAY:
                counted.update("id" for _ in ids.find(block))
        if names and table not in NAMES_MAY_STAY:
            counted["name"] += _count_names(database, table, names)
        found += _residue(f"table {table}", counted)
    return len(tables)


def _table_blocks(database: Database, table: str) -> Iterator[bytes]:
    some: list[bytes] = []
    size = 0
    for value in _values(database, table):
        coded = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        some.append(coded)
        size += len(coded)
        if size >= BLOCK_BYTES:
            yield b"\0".join(some)
            some, size = [], 0
    yield b"\0".join(some)


def _values(database: Database, table: str) -> Iterator[str | bytes]:
    quoted = table.replace('"', '""')
    with database.engine.connect() as connection:
        rows = connection.execution_options(stream_results=True).execute(
            text(f'SELECT * FROM "{quoted}"')  # noqa: S608 - a name out of the database itself
        )
        for row in rows:
            yield from (value for value in row if isinstance(value, (str, bytes)))


def _count_names(database: Database, table: str, names: set[str]) -> int:
    count = 0
    for value in _values(database, table):
        if isinstance(value, str):
            folded = value.casefold()
            count += sum(folded == one or f'"{one}"' in folded for one in names)
    return count


def _search_indexes(library: Library, traces: Traces, found: list[Residue]) -> None:
    chunks = set(traces.chunks)
    for number, stores in enumerate(library.stores if chunks else (), start=1):
        for name, index in (("vectors", stores.vectors), ("full text", stores.lexicon)):
            left = len(index.ids() & chunks)
            found += _residue(f"{name} of index {number}", Counter({"id": left}))


def _residue(place: str, counted: Counter[str]) -> list[Residue]:
    return [
        Residue(place=place, what=what, count=count)
        for what, count in sorted(counted.items())
        if count
    ]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone meanwhile
        return 0
