"""How well search finds what the example questions across the languages, and the example
follow-ups, are about.

    python benchmarks/example_searches.py [--data DIR] [--show]

Without --data, the examples are brought into a fresh library; with it, they are looked for in
that one, among whatever else it holds. document: a passage of the right document is among the
five best. support: one of these five holds the supporting sentence or row. rewritten: the
question was searched with words of earlier turns.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean

from assistant.assistant import Assistant
from assistant.retrieval.query import Query, read_question
from assistant.retrieval.search import Searcher
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, Turn
from assistant.words import fold

EXAMPLES = Path(__file__).parents[1] / "examples"
BEST = 5


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--show", action="store_true", help="print what was not found")
    arguments = parser.parse_args()
    with ExitStack() as opened:
        data = arguments.data or Path(opened.enter_context(tempfile.TemporaryDirectory()))
        settings = load_settings(data, environ={"PHILO_MODELS__GENERATOR": "none"})
        assistant = opened.enter_context(open_assistant(settings))
        if arguments.data is None:
            assistant.ingestor.ingest([str(EXAMPLES / "handbook"), str(EXAMPLES / "papers")])
        measure_crossing(assistant, show=arguments.show)
        measure_follow_ups(assistant, show=arguments.show)


def measure_crossing(assistant: Assistant, *, show: bool) -> None:
    rows = [*_rows("crossing.jsonl")]
    rows += [row for row in _rows("questions.jsonl") if row["answerable"]]
    groups = defaultdict(list)
    for row in rows:
        query = read_question(row["question"], max_chars=4000)
        result = look_for(assistant, query, row)
        groups[f"{row['language']} -> {row['document_language']}"].append(result)
        if show and not result[0] and row["language"] != row["document_language"]:
            print("   ", row["_id"], row["question"], result)
    _report(groups)


def measure_follow_ups(assistant: Assistant, *, show: bool) -> None:
    groups = defaultdict(list)
    rewritten = defaultdict(list)
    for row in _rows("dialogues.jsonl"):
        history = [Turn.model_validate(turn) for turn in row["history"]]
        name = "follow-up" if row["follows"] else "new subject"
        for way, turns in (("alone", []), ("rules", history)):
            query = read_question(row["question"], history=turns, max_chars=4000)
            result = look_for(assistant, query, row)
            groups[f"{row['language']} {name} {way}"].append(result)
            if way == "rules":
                groups[f"{row['kind']} {way}"].append(result)
                rewritten[name].append(query.text != query.asked)
                if show and not result[1]:
                    print("   ", row["_id"], row["kind"], query.text, result)
    _report(groups)
    for name, times in rewritten.items():
        print(f"{name:<30} {len(times):>3} questions  rewritten {fmean(times):.2f}")


def look_for(assistant: Assistant, query: Query, row: dict) -> tuple[bool, bool, float]:
    """Right document among five, support among five, reciprocal rank of the support."""
    searcher = Searcher(assistant.library, assistant.embedder, assistant.settings.retrieval)
    hits = searcher.search(query, k=10, readable=OPERATOR)
    support = _squeeze(row["support"])
    held = [hit.uri.endswith(row["document"]) and support in _squeeze(hit.text) for hit in hits]
    rank = held.index(True) + 1 if any(held) else 0
    found = any(hit.uri.endswith(row["document"]) for hit in hits[:BEST])
    return found, 0 < rank <= BEST, 1 / rank if rank else 0.0


def _report(groups: dict[str, list[tuple[bool, bool, float]]]) -> None:
    for name, results in sorted(groups.items()):
        columns = zip(*results, strict=True)
        document, support, reciprocal = (fmean(column) for column in columns)
        print(
            f"{name:<30} {len(results):>3} questions  document {document:.2f}  "
            f"support {support:.2f}  MRR@10 {reciprocal:.3f}",
            flush=True,
        )


def _rows(name: str) -> Sequence[dict]:
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _squeeze(text: str) -> str:
    return re.sub(r"[\W_]+", "", fold(text))


if __name__ == "__main__":
    main()
