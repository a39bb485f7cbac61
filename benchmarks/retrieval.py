"""Retrieval quality: dense, full text and both, on question sets in BEIR's files.

    python benchmarks/retrieval.py SET [SET ...] [--weights 0.3 0.5 0.7] [--together]

Documents count once, by their best chunk. nDCG@10 with the sets' graded relevance, linear
in the grade as trec_eval has it (Järvelin and Kekäläinen, TOIS 2002). --together puts
all sets into one library, French beside English.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median

from question_sets import Question, load_questions, open_set

from assistant.models.embedders import open_embedder
from assistant.retrieval.query import read_question
from assistant.retrieval.search import Searcher
from assistant.settings import load_settings
from assistant.types import OPERATOR

K = 10
POOL = 60


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--embedder", default="multilingual-e5-small")
    parser.add_argument("--weights", nargs="+", type=float, default=[0.0, 1.0, 0.3, 0.5, 0.7])
    parser.add_argument("--limit", type=int, default=400, help="questions of each set")
    parser.add_argument("--together", action="store_true")
    arguments = parser.parse_args()
    settings = load_settings()
    embedder = open_embedder(settings.models.model_copy(update={"embedder": arguments.embedder}))
    for folder in arguments.sets:
        name = "together" if arguments.together else folder.name
        cache = Path(tempfile.gettempdir()) / "philo-fit" / f"{name}-{embedder.id}"
        library = open_set(folder, cache, embedder)
        if arguments.together:
            for other in arguments.sets:
                open_set(other, cache, embedder, library=library)
        questions = [one for one in load_questions(folder) if one.relevant]
        questions = questions[:: max(1, len(questions) // arguments.limit)]
        for weight in arguments.weights:
            tuned = settings.retrieval.model_copy(update={"dense_weight": weight})
            searcher = Searcher(library, embedder, tuned)
            results = [_ask(searcher, one) for one in questions]
            print(
                f"{folder.name:<14} dense weight {weight:.2f}  questions {len(results):>4}  "
                f"nDCG@10 {fmean(r[0] for r in results):.3f}  "
                f"recall@10 {fmean(r[1] for r in results):.3f}  "
                f"median {1000 * median(r[2] for r in results):.0f} ms",
                flush=True,
            )
        library.close()


def _ask(searcher: Searcher, question: Question) -> tuple[float, float, float]:
    """nDCG@10, recall@10, seconds."""
    started = time.perf_counter()
    query = read_question(question.text, max_chars=20_000)
    hits = searcher.search(query, k=POOL, readable=OPERATOR)
    seconds = time.perf_counter() - started
    found = list(dict.fromkeys(hit.uri for hit in hits))[:K]
    gains = [question.grades.get(uri, 0) for uri in found]
    best = sorted(question.grades.values(), reverse=True)[:K]
    recall = sum(gain > 0 for gain in gains) / len(question.relevant)
    return _discounted(gains) / _discounted(best), recall, seconds


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


if __name__ == "__main__":
    main()
