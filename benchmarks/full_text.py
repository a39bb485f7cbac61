"""Full text in PostgreSQL beside tantivy: which passages they rank first, and how long they take.

    python benchmarks/full_text.py SET postgresql://... [--sizes 10000,100000]

SET is a directory in BEIR's form (corpus.jsonl, queries.jsonl, qrels.tsv), each passage one chunk.
The database is one of its own: what stands in it as `lexicon_1` is thrown away. Larger sizes than
the set's own are made of its passages again and again, their words in another order each time.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytrec_eval
from pydantic import SecretStr

from assistant.knowledge.database import open_database
from assistant.knowledge.lexicon.base import Lexicon, LexiconEntry
from assistant.knowledge.lexicon.postgres import PostgresLexicon
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.postgres import PostgresDatabase
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR, Language, Readable

AT_ONCE = 2_000
GROUPS = 20


def read_lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def entries(folder: Path, size: int) -> Iterator[LexiconEntry]:
    corpus, made = list(read_lines(folder / "corpus.jsonl")), 0
    shuffled = random.Random(7)  # noqa: S311 - to be repeated
    while made < size:
        for one in corpus[: size - made]:
            words = one["text"].split()
            name = one["_id"] if made < len(corpus) else f"{one['_id']}+{made}"
            if made >= len(corpus):
                shuffled.shuffle(words)
            groups = frozenset({f"g{made % GROUPS}"})
            yield LexiconEntry(name, one["title"], "", " ".join(words), name, "default", groups)
            made += 1


def fill(lexicon: Lexicon, folder: Path, size: int) -> float:
    started = time.perf_counter()
    portion: list[LexiconEntry] = []
    for one in entries(folder, size):
        portion.append(one)
        if len(portion) == AT_ONCE:
            lexicon.add(portion)
            portion = []
    lexicon.add(portion)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path)
    parser.add_argument("database")
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--language", default="en", choices=("en", "fr"))
    given = parser.parse_args()
    queries = {one["_id"]: one["text"] for one in read_lines(given.set / "queries.jsonl")}
    judged: dict[str, dict[str, int]] = {}
    for line in (given.set / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query, document, grade = line.split("\t")[:3] if line.count("\t") == 2 else ("", "", "")
        if grade.isdigit() and query in queries:
            judged.setdefault(query, {})[document] = int(grade)
    language = cast("Language", given.language)
    with tempfile.TemporaryDirectory() as made:
        storage = StorageSettings.model_validate({"database": SecretStr(given.database)})
        database = open_database(Path(made) / "philo.db", storage)
        if not isinstance(database, PostgresDatabase):
            parser.error("the database must be PostgreSQL")
        own = len(list(read_lines(given.set / "corpus.jsonl")))
        for size in sorted({own, *map(int, given.sizes.split(","))}):
            kinds: dict[str, Lexicon] = {
                "tantivy": TantivyLexicon(Path(made) / f"lexicon-{size}"),
                "postgresql": PostgresLexicon(database, number=1),
            }
            for name, lexicon in kinds.items():
                lexicon.clear()
                filled = fill(lexicon, given.set, size)
                if name == "postgresql":
                    database.compact()  # as autovacuum would have left the statistics
                print(f"{size:>7,} chunks, {name:>10}: filled in {filled:.1f} s")
                if size == own:
                    run = {
                        query: {
                            hit.id: hit.score
                            for hit in lexicon.search(
                                queries[query], k=100, readable=OPERATOR, language=language
                            )
                        }
                        for query in judged
                    }
                    scored = pytrec_eval.RelevanceEvaluator(judged, {"ndcg_cut.10"}).evaluate(run)
                    ndcg = statistics.mean(one["ndcg_cut_10"] for one in scored.values())
                    print(f"{'':>16} ndcg@10 {ndcg:.4f} of {len(scored)} queries")
                one_of_them = Readable(frozenset({"g3"}))
                for reader, readable in (("everything", OPERATOR), ("a 20th", one_of_them)):
                    times = []
                    for query in list(queries.values())[:200]:
                        started = time.perf_counter()
                        lexicon.search(query, k=100, readable=readable, language=language)
                        times.append(1000 * (time.perf_counter() - started))
                    times.sort()
                    print(
                        f"{'':>16} reader of {reader}: median {statistics.median(times):.1f} ms, "
                        f"p95 {times[int(0.95 * len(times))]:.1f} ms"
                    )
        database.close()


if __name__ == "__main__":
    main()
