"""A service under load: searches, open streams, a bulk ingest beside searches, and a soak.

    python benchmarks/load.py SOURCE... [--data DIR] [--chunks 100000] [--phases search,streams]
        [--minutes 10] [--soak-minutes 60] [--rate 40] [--streams 200] [--json]

SOURCE: question sets in BEIR's form, other folders, or files; the library is made of them (see
load_filling.py). With --data it is kept, and used again. A service of its own is started over it,
on 127.0.0.1, with the built-in models; the load comes from a process of its own (locust), on the
same machine, and so takes of the cores that it measures. Prints a table in Markdown, or JSON.

search   `--rate` searches a second for `--minutes`.
streams  `--streams` questions at once, as many as there are places, by people who have 1 to 9.
beyond   half as many again, so that some find no place.
ingest   searches while a folder is brought in.
soak     searches, questions and uploads for `--soak-minutes`; memory, files and threads.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from assistant.data_directory import find_service
from benchmarks.load_filling import Filled, fill
from benchmarks.load_measures import (
    SEARCH_BESIDE_INGEST_P95_MS,
    SEARCH_P95_MS,
    Row,
    measure_cpu,
    measure_growth,
    measure_searches,
    measure_steps,
    measure_streams,
    write_table,
)
from benchmarks.load_order import Order, follow
from benchmarks.load_service import Service, running_service

PHASES = ("search", "streams", "beyond", "ingest", "soak")
EXAMPLES = Path(__file__).parents[1] / "examples" / "handbook"
WARM_UP_S = 10.0
STREAMS_S = 1_200.0
"""Streams that are open after that are broken off."""
NEW_DOCUMENTS = 3_000
"""Brought in at most, beside searches."""
WORDS_EACH = 150


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sources", type=Path, nargs="*", default=[EXAMPLES])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=50)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--phases", default=",".join(PHASES))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--soak-minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=40.0)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--answer-tokens", type=int, default=48, help="longest answer")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    phases = options.phases.split(",")
    if unknown := set(phases) - set(PHASES):
        parser.error(f"there is no phase {', '.join(unknown)}; there are {', '.join(PHASES)}")
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(
            options.data or Path(folder) / "data",
            options.sources,
            phases=phases,
            chunks=options.chunks,
            groups=options.groups,
            people=options.people,
            seconds=60 * options.minutes,
            soak_seconds=60 * options.soak_minutes,
            rate=options.rate,
            streams=options.streams,
            answer_tokens=options.answer_tokens,
        )
    if options.json:
        print(json.dumps([asdict(one) for one in rows], indent=1))
    else:
        print(write_table(rows))


def measure(
    data: Path,
    sources: Sequence[Path],
    *,
    phases: Sequence[str],
    chunks: int,
    groups: int,
    people: int,
    seconds: float,
    soak_seconds: float,
    rate: float,
    streams: int,
    answer_tokens: int,
    slots: int = 8,
    warm_up_s: float = WARM_UP_S,
) -> list[Row]:
    """The phases one after the other, over one service."""
    filled = fill(data, sources, chunks=chunks, groups=groups, people=people)
    say(f"{filled.chunks:,} chunks in {filled.documents:,} documents are there")
    settings = {
        "PHILO_SERVING__SLOTS": str(slots),
        "PHILO_SERVING__QUEUE": str(streams - slots),
        "PHILO_MODELS__MAX_NEW_TOKENS": str(answer_tokens),
    }
    rows = [Row("all", "chunks / documents", f"{filled.chunks:,} / {filled.documents:,}")]
    with running_service(data, settings) as service:
        if warm_up_s:
            warm_up(service, filled, rate, warm_up_s)
        if "search" in phases:
            rows += run_search(service, filled, rate, seconds)
        if "streams" in phases:
            rows += run_streams(service, filled, streams, places=streams)
        if "beyond" in phases:
            rows += run_streams(service, filled, streams + streams // 2, places=streams)
        if "ingest" in phases:
            rows += run_ingest(service, filled, data, rate, seconds)
        if "soak" in phases:
            rows += run_soak(service, filled, soak_seconds)
    return rows


def say(message: str) -> None:
    print(f"{message}; load average {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)


def order_of(filled: Filled) -> Order:
    return Order(
        tokens=[one.token for one in filled.people],
        searches=list(filled.searches),
        questions=list(filled.questions),
        writer=filled.writer,
    )


def warm_up(service: Service, filled: Filled, rate: float, seconds: float) -> None:
    """The first search makes the copy of the vectors, the first answer waits for the model."""
    order = replace(order_of(filled), seconds=seconds, searches_per_s=rate / 4, asks_per_s=1.0)
    follow(service.url, order)


def run_search(service: Service, filled: Filled, rate: float, seconds: float) -> list[Row]:
    say(f"{rate:.0f} searches/s for {seconds:.0f} s")
    order = replace(order_of(filled), seconds=seconds, searches_per_s=rate)
    before = service.steps()
    with service.watched(every_s=1.0) as samples:
        followed = follow(service.url, order)
    rows = measure_searches(followed.records, phase="search", seconds=seconds, aim_ms=SEARCH_P95_MS)
    rows.append(measure_steps(before, service.steps(), phase="search", way="search"))
    return [*rows, measure_cpu(samples, followed, phase="search")]


def run_streams(service: Service, filled: Filled, asked: int, *, places: int) -> list[Row]:
    phase = f"{asked} streams"
    say(phase)
    order = replace(order_of(filled), seconds=STREAMS_S, streams=asked, first=asked)
    order = replace(order, tokens=askers(order.tokens, asked))
    before = service.steps()
    with service.watched(every_s=1.0) as samples:
        followed = follow(service.url, order)
    people = name_people(followed.records, order.tokens)
    return [
        *measure_streams(people, phase=phase, places=places),
        Row(phase, "seconds until all were answered", f"{followed.seconds:.0f}"),
        measure_steps(before, service.steps(), phase=phase, way="question"),
        measure_cpu(samples, followed, phase=phase),
    ]


def askers(tokens: Sequence[str], asked: int) -> list[str]:
    """For each question who asks it: people with 1 to 9 questions, mixed."""
    taken: list[str] = []
    for number, token in enumerate(tokens):
        taken += [token] * (1 + number % 9)
    while len(taken) < asked:
        taken += taken
    del taken[asked:]
    random.Random(3).shuffle(taken)  # noqa: S311 - the same each time
    return taken


def name_people(records: Sequence[dict], tokens: Sequence[str]) -> list[dict]:
    """The same records, with one number for each person."""
    first = {token: number for number, token in reversed([*enumerate(tokens)])}
    return [one | {"who": first[tokens[one["who"]]]} for one in records]


def run_ingest(
    service: Service, filled: Filled, data: Path, rate: float, seconds: float
) -> list[Row]:
    say(f"{rate:.0f} searches/s beside a bulk ingest for {seconds:.0f} s")
    order = replace(order_of(filled), seconds=seconds, searches_per_s=rate)
    before = service.steps()
    with bulk_ingest(data, filled) as came, service.watched(every_s=1.0) as samples:
        followed = follow(service.url, order)
    rows = measure_searches(
        followed.records, phase="ingest", seconds=seconds, aim_ms=SEARCH_BESIDE_INGEST_P95_MS
    )
    rows.append(Row("ingest", "documents that came in/s", f"{len(came) / seconds:.1f}"))
    rows.append(measure_steps(before, service.steps(), phase="ingest", way="search"))
    return [*rows, measure_cpu(samples, followed, phase="ingest")]


@contextmanager
def bulk_ingest(data: Path, filled: Filled) -> Iterator[list[str]]:
    """Bring a folder of new texts in, until the block ends; a line for each file that came."""
    operator = find_service(data)
    if operator is None:
        raise RuntimeError(f"no service runs over {data}")
    folder = data / "load-documents"
    folder.mkdir(exist_ok=True)
    draw = random.Random()  # noqa: S311 - other texts each time: they are to be embedded again
    words = " ".join(filled.searches).split()
    for number in range(NEW_DOCUMENTS):
        text = " ".join(draw.choices(words, k=WORDS_EACH))
        (folder / f"{number}.md").write_text(f"# Text {number}\n\n{text}.\n", encoding="utf-8")
    came: list[str] = []
    over = threading.Event()

    def bring_in() -> None:
        with httpx.stream(
            "POST",
            f"{operator.url}/ingest",
            json={"paths": [str(folder)], "groups": ["g0"]},
            headers={"Authorization": f"Bearer {operator.token}"},
            timeout=httpx.Timeout(60.0),
        ) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                if line == "event: progress":
                    came.append(line)
                if over.is_set():
                    return

    thread = threading.Thread(target=bring_in)
    thread.start()
    deadline = time.monotonic() + 60
    while not came and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    del came[:]
    try:
        yield came
        if not thread.is_alive():
            raise RuntimeError("the ingest ended before the searches did; raise NEW_DOCUMENTS")
    finally:
        over.set()
        thread.join()


def run_soak(service: Service, filled: Filled, seconds: float) -> list[Row]:
    say(f"a soak of {seconds:.0f} s")
    order = replace(
        order_of(filled),
        seconds=seconds,
        searches_per_s=10.0,
        asks_per_s=0.2,
        uploads_per_s=0.5,
    )
    with service.watched(every_s=max(0.2, min(5.0, seconds / 100))) as samples:
        followed = follow(service.url, order)
    rows = measure_searches(followed.records, phase="soak", seconds=seconds, aim_ms=SEARCH_P95_MS)
    others = [one for one in followed.records if one["kind"] != "search"]
    failed = [one for one in others if one["status"] not in (200, 429)]
    rows.append(
        Row(
            "soak",
            "questions and uploads that failed",
            f"{len(failed)} of {len(others)}",
            "0",
            not failed,
        )
    )
    return rows + measure_growth(samples, phase="soak")


if __name__ == "__main__":
    main()
