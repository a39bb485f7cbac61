"""Full text in PostgreSQL, for several processes: BM25 over the same terms as on tantivy.

Postings are written in segments, one for each call of `add`: a row holds all that the segment
knows of a term, as arrays. Small segments are merged into larger ones as they become many. A
chunk that is removed leaves its postings behind, which lead to nothing, until a merge or a
renewal drops them.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from assistant.errors import StoreUnavailableError
from assistant.knowledge.lexicon.analysis import REVISION, index_terms, query_terms
from assistant.knowledge.lexicon.base import LexiconEntry
from assistant.knowledge.lexicon.weights import HEADING_TIMES, TITLE_TIMES
from assistant.knowledge.postgres import PostgresDatabase
from assistant.knowledge.renewal import Alone, Fill
from assistant.types import Language, Readable, ScoredId

log = logging.getLogger(__name__)

LANGUAGES: tuple[Language, ...] = ("fr", "en")
FAN_IN = 16
"""So many segments of about one size become one."""
LARGEST = 20_000
"""Chunks of the largest segment that a merge makes: it is one statement, which may not take as
long as a statement is given."""
TURN = 0x7068696C6F + 1
"""Number of the advisory lock of who changes an index; others may write documents meanwhile."""

_TABLES = """
CREATE TABLE {schema}.facts (revision integer NOT NULL);
CREATE TABLE {schema}.segments (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, size integer NOT NULL
);
CREATE TABLE {schema}.chunks (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE, document_id text NOT NULL, collection text NOT NULL,
    groups text[] NOT NULL, content bytea NOT NULL,
    words_fr integer NOT NULL, words_en integer NOT NULL
);
CREATE TABLE {schema}.postings (
    language text NOT NULL, term text NOT NULL, segment integer NOT NULL,
    numbers integer[] NOT NULL, times integer[] NOT NULL, words integer[] NOT NULL,
    PRIMARY KEY (term, language, segment)
);
INSERT INTO {schema}.facts VALUES ({revision})
"""

_SEARCH = """
WITH wanted AS (
    SELECT * FROM unnest(CAST(:words AS integer[]), CAST(:terms AS text[])) AS w(word, term)
), held AS (
    SELECT greatest(count(*), 1) AS chunks, greatest(avg(words_{language}), 1) AS words
    FROM {schema}.chunks
), lists AS MATERIALIZED (
    SELECT w.word, p.* FROM wanted w
    JOIN {schema}.postings p ON p.term = w.term AND p.language = '{language}'
), weights AS (
    SELECT word, term, ln(1 + (chunks - df + 0.5) / (df + 0.5))::float8 AS idf, words::float8
    FROM (
        SELECT word, term, least(sum(cardinality(numbers)), max(held.chunks)) AS df,
            max(held.chunks) AS chunks, max(held.words) AS words
        FROM lists, held GROUP BY word, term
    ) AS counted
), forms AS (
    SELECT l.word, e.number,
        max(w.idf * 2.2 * e.times / (e.times + 1.2 * (0.25 + 0.75 * e.words / w.words))) AS score
    FROM lists l JOIN weights w ON w.word = l.word AND w.term = l.term
    CROSS JOIN unnest(l.numbers, l.times, l.words) AS e(number, times, words)
    GROUP BY l.word, e.number
), scores AS (
    SELECT number, sum(score) AS score FROM forms GROUP BY number
)
SELECT c.id, s.score FROM scores s JOIN {schema}.chunks c ON c.number = s.number
WHERE {readable} ORDER BY s.score DESC, c.number LIMIT :k
"""
"""BM25 as tantivy has it (k1 = 1.2, b = 0.75; Robertson et al., TREC-3). A word scores once, by
its best form. What was removed and not yet merged away counts in `df`, as there."""

_MERGE = """
INSERT INTO {schema}.postings
SELECT p.language, p.term, :into, array_agg(e.number), array_agg(e.times), array_agg(e.words)
FROM {schema}.postings p
CROSS JOIN unnest(p.numbers, p.times, p.words) AS e(number, times, words)
JOIN {schema}.chunks c ON c.number = e.number
WHERE p.segment = ANY(CAST(:merged AS integer[])) GROUP BY p.language, p.term
"""


class PostgresLexicon:
    """One index, in a schema of its own. An index whose terms were made by another revision of
    the analysis is emptied: the library fills it again from SQL.

    Args:
        number: the index's id.
    Raises:
        StoreUnavailableError: the server is away.
        StorageFullError: no space is left (at a change; nothing of it is kept).
    """

    def __init__(self, database: PostgresDatabase, *, number: int) -> None:
        self._database = database
        self._schema = f"lexicon_{number}"
        with self._changing() as session:
            found = session.scalar(
                text("SELECT to_regclass(:name) IS NOT NULL"), {"name": f"{self._schema}.facts"}
            )
            current = found and session.scalar(self._sql("SELECT revision FROM {schema}.facts"))
            if current != REVISION:
                _make(session, self._schema)

    def add(self, entries: Sequence[LexiconEntry]) -> None:
        latest = {entry.chunk_id: entry for entry in entries}
        if not latest:
            return
        with self._changing() as session:
            fresh = self._regroup(session, latest)
            if fresh:
                self._insert(session, fresh)
        if fresh:
            self._merge_if_possible()

    def remove(self, chunk_ids: Sequence[str]) -> None:
        if chunk_ids:
            with self._changing() as session:
                self._delete(session, chunk_ids)

    def search(
        self,
        query: str,
        *,
        k: int,
        readable: Readable,
        language: Language,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        words = query_terms(query, language)
        if k < 1 or not words or not (readable.everything or readable.keys):
            return []
        pairs = [(number, term) for number, forms in enumerate(words) for term in forms]
        values: dict[str, Any] = {
            "words": [number for number, _ in pairs],
            "terms": [term for _, term in pairs],
            "k": k,
        }
        conditions = ["true"]
        if not readable.everything:
            conditions.append("c.groups && CAST(:keys AS text[])")
            values["keys"] = [key for key in readable.keys if "\0" not in key]
        if readable.collection is not None:
            conditions.append("c.collection = :collection")
            values["collection"] = readable.collection
        if documents is not None:
            conditions.append("c.document_id = ANY(CAST(:documents AS text[]))")
            values["documents"] = [one for one in documents if "\0" not in one]
        statement = self._sql(_SEARCH, language=language, readable=" AND ".join(conditions))
        with self._database.reading() as session:
            return [
                ScoredId(id=chunk_id, score=float(score))
                for chunk_id, score in session.execute(statement, values)
            ]

    def ids(self) -> set[str]:
        with self._database.reading() as session:
            return set(session.scalars(self._sql("SELECT id FROM {schema}.chunks")))

    def clear(self) -> None:
        with self._changing() as session:
            _make(session, self._schema)

    def renew(self, fill: Fill[LexiconEntry], alone: Alone) -> None:
        """The tables are made anew, so that nothing of what was removed is in their files."""
        fresh = PostgresLexicon.__new__(PostgresLexicon)
        fresh._database, fresh._schema = self._database, f"{self._schema}_fresh"
        fresh.clear()
        fill(fresh.add)
        with alone(), self._changing() as session:
            session.execute(self._sql("DROP SCHEMA {schema} CASCADE"))
            session.execute(fresh._sql("ALTER SCHEMA {schema} RENAME TO " + self._schema))

    def close(self) -> None:
        """The database is its owner's to close."""

    def _sql(self, statement: str, **parts: str) -> TextClause:
        return text(statement.format(schema=self._schema, **parts))

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        with self._database.writing(turn=TURN) as session:
            yield session

    def _regroup(
        self, session: Session, latest: dict[str, LexiconEntry]
    ) -> list[tuple[LexiconEntry, bytes]]:
        """Tell chunks whose words are as before who may read them now; the others, with hashes
        of their words, are forgotten."""
        known = session.execute(
            self._sql("SELECT id, content FROM {schema}.chunks WHERE id = ANY(:ids)"),
            {"ids": [*latest]},
        )
        before = {row[0]: bytes(row[1]) for row in known}
        same: list[dict[str, Any]] = []
        fresh: list[tuple[LexiconEntry, bytes]] = []
        for entry in latest.values():
            content = _hash(entry)
            if before.get(entry.chunk_id) == content:
                same.append(_keys(entry))
            else:
                fresh.append((entry, content))
        if same:
            session.execute(
                self._sql(
                    "UPDATE {schema}.chunks c SET groups = n.groups, collection = n.collection "
                    "FROM json_to_recordset(CAST(:rows AS json)) "
                    "AS n(id text, collection text, groups text[]) WHERE n.id = c.id"
                ),
                {"rows": json.dumps(same)},
            )
        self._delete(session, [entry.chunk_id for entry, _ in fresh if entry.chunk_id in before])
        return fresh

    def _insert(self, session: Session, fresh: Sequence[tuple[LexiconEntry, bytes]]) -> None:
        counted = {
            (entry.chunk_id, language): _count(entry, language)
            for entry, _ in fresh
            for language in LANGUAGES
        }
        lengths = {key: times.total() for key, times in counted.items()}
        rows = [
            _keys(entry)
            | {"document_id": entry.document_id, "content": content.hex()}
            | {f"words_{one}": lengths[entry.chunk_id, one] for one in LANGUAGES}
            for entry, content in fresh
        ]
        inserted = session.execute(
            self._sql(
                "INSERT INTO {schema}.chunks (id, document_id, collection, groups, content, "
                "words_fr, words_en) SELECT id, document_id, collection, groups, "
                "decode(content, 'hex'), words_fr, words_en "
                "FROM json_to_recordset(CAST(:rows AS json)) AS n(id text, document_id text, "
                "collection text, groups text[], content text, words_fr integer, "
                "words_en integer) RETURNING id, number"
            ),
            {"rows": json.dumps(rows)},
        )
        numbers: dict[str, int] = {row[0]: row[1] for row in inserted}
        lists: dict[tuple[str, str], list[tuple[int, int, int]]] = defaultdict(list)
        for (chunk_id, language), times in counted.items():
            for term, count in times.items():
                one = (numbers[chunk_id], count, lengths[chunk_id, language])
                lists[language, term].append(one)
        segment = self._new_segment(session, len(fresh))
        packed = [
            {"language": language, "term": term, "numbers": n, "times": t, "words": w}
            for (language, term), postings in lists.items()
            for n, t, w in [zip(*postings, strict=True)]
        ]
        session.execute(
            self._sql(
                "INSERT INTO {schema}.postings SELECT language, term, :segment, numbers, times, "
                "words FROM json_to_recordset(CAST(:rows AS json)) AS n(language text, term text, "
                "numbers integer[], times integer[], words integer[])"
            ),
            {"segment": segment, "rows": json.dumps(packed)},
        )

    def _new_segment(self, session: Session, size: int) -> int:
        made = self._sql("INSERT INTO {schema}.segments (size) VALUES (:size) RETURNING id")
        return int(session.scalar(made, {"size": size}) or 0)

    def _merge_if_possible(self) -> None:
        """Let a size have fewer than `FAN_IN` segments, as long as they are small: each merge in
        a transaction of its own, for what was added is searched without it."""
        try:
            merged = True
            while merged:
                with self._changing() as session:
                    merged = self._merge(session)
        except StoreUnavailableError as exc:
            log.warning("segments of the full text were not merged: %s", exc)

    def _merge(self, session: Session) -> bool:
        """Whether there was anything to merge."""
        sizes = session.execute(self._sql("SELECT id, size FROM {schema}.segments ORDER BY id"))
        tiers: dict[int, list[Any]] = defaultdict(list)
        for one in sizes:
            tiers[max(1, one.size).bit_length() // 4].append(one)  # 16 times as large each
        for tier in tiers.values():
            fitting = [
                one
                for one, size in zip(tier, accumulate(one.size for one in tier), strict=True)
                if size <= LARGEST
            ]
            if len(tier) >= FAN_IN and len(fitting) > 1:
                break
        else:
            return False
        merged = [one.id for one in fitting]
        into = self._new_segment(session, sum(one.size for one in fitting))
        session.execute(self._sql(_MERGE), {"into": into, "merged": merged})
        for table, column in (("postings", "segment"), ("segments", "id")):
            gone = f"DELETE FROM {{schema}}.{table} WHERE {column} = ANY(:merged)"  # noqa: S608
            session.execute(self._sql(gone), {"merged": merged})
        return True

    def _delete(self, session: Session, chunk_ids: Sequence[str]) -> None:
        if chunk_ids:
            gone = self._sql("DELETE FROM {schema}.chunks WHERE id = ANY(:ids)")
            session.execute(gone, {"ids": [*chunk_ids]})


def keep_only(database: PostgresDatabase, numbers: Collection[int]) -> None:
    """Delete what is left of other indexes. A fresh one may be another process's at work: whoever
    makes one next deletes it first."""
    kept = {f"lexicon_{number}{more}" for number in numbers for more in ("", "_fresh")}
    with database.writing(turn=TURN) as session:
        names = text("SELECT nspname FROM pg_namespace WHERE nspname ~ '^lexicon_[0-9]+(_fresh)?$'")
        for name in session.scalars(names).all():
            if name not in kept:
                session.execute(text(f"DROP SCHEMA {name} CASCADE"))


def _make(session: Session, schema: str) -> None:
    session.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
    session.execute(text(f"CREATE SCHEMA {schema}"))
    for statement in _TABLES.format(schema=schema, revision=REVISION).split(";"):
        session.execute(text(statement))


def _count(entry: LexiconEntry, language: Language) -> Counter[str]:
    counted: Counter[str] = Counter()
    parts = ((entry.title, TITLE_TIMES), (entry.heading, HEADING_TIMES), (entry.text, 1))
    for part, times in parts:
        for term in index_terms(part, language):
            counted[term] += times
    return counted


def _keys(entry: LexiconEntry) -> dict[str, Any]:
    return {
        "id": entry.chunk_id,
        "collection": entry.collection,
        "groups": sorted(entry.groups),
    }


def _hash(entry: LexiconEntry) -> bytes:
    told = json.dumps([entry.title, entry.heading, entry.text, entry.document_id])
    return hashlib.sha256(told.encode()).digest()
