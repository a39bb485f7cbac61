"""A data directory for load tests: a large library with permissions, people, and their tokens.

The documents of question sets, or files, are brought in for everybody and embedded; all others are
made of them (`assistant.evaluation.enlarging`), with vectors and without an embedder, and each is
shared with one to three groups. People are in 1 to nearly all groups.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.access.types import Role, TokenScope
from assistant.assistant import Assistant
from assistant.evaluation.enlarging import BaseDocument, Enlarger
from assistant.evaluation.search_speed import base_documents, draw_words
from assistant.knowledge.publishing import Publication
from assistant.offline import forbid_telemetry
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR
from benchmarks.question_sets import load_questions, open_set

PLAN = "load.json"
BATCH_CHUNKS = 2_000
CHUNKS_EACH = 10
SHARES = (0.02, 0.1, 0.2, 0.5, 0.9)
"""Of the groups, that a person is in; people take them in turn."""
SEARCHES = 500


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    token: str
    groups: int


@dataclass(frozen=True, slots=True)
class Filled:
    """`searches`: words in a row out of the documents, `questions`: those of the question sets."""

    chunks: int
    documents: int
    groups: int
    people: tuple[Person, ...]
    writer: str
    searches: tuple[str, ...]
    questions: tuple[str, ...]


def fill(data: Path, sources: Sequence[Path], *, chunks: int, groups: int, people: int) -> Filled:
    """Fill a data directory, or find it filled.

    Args:
        sources: question sets (folders with a corpus.jsonl), and other folders or files.
    """
    plan = data / PLAN
    if plan.exists():
        return read_plan(data)
    forbid_telemetry()
    with open_assistant(load_settings(data).without_generator()) as assistant:
        questions = _bring_in(assistant, sources)
        base = list(base_documents(assistant.library))
        texts = [text for one in base for text in one.texts]
        _enlarge(assistant, Enlarger(_long_documents(base)), chunks, groups)
        documents, held = assistant.library.count(OPERATOR)
        searches = tuple(islice(draw_words(texts, seed=2), SEARCHES))
        filled = Filled(
            chunks=held,
            documents=documents,
            groups=groups,
            people=tuple(_people(assistant, people, groups)),
            writer=_writer(assistant),
            searches=searches,
            questions=tuple(questions) or searches,
        )
    plan.write_text(json.dumps(asdict(filled)), encoding="utf-8")
    return filled


def read_plan(data: Path) -> Filled:
    told = json.loads((data / PLAN).read_text(encoding="utf-8"))
    told["people"] = tuple(Person(**one) for one in told["people"])
    return Filled(**told)


def _bring_in(assistant: Assistant, sources: Sequence[Path]) -> list[str]:
    """The questions that come with the sources."""
    questions: list[str] = []
    files = [str(one) for one in sources if not (one / "corpus.jsonl").exists()]
    if files:
        assistant.ingestor.ingest(files)
    for folder in sources:
        if (folder / "corpus.jsonl").exists():
            open_set(folder, assistant.settings.data, assistant.embedder, library=assistant.library)
            questions += [one.text for one in load_questions(folder)]
    return questions


def _long_documents(base: Sequence[BaseDocument]) -> list[BaseDocument]:
    """Short ones are put together: a library of a company has more than a page in each."""
    made: list[BaseDocument] = []
    texts: list[str] = []
    vectors: list[NDArray[np.float32]] = []  # (n, D) each
    for one in base:
        texts += one.texts
        vectors.append(one.vectors)
        if len(texts) >= CHUNKS_EACH or one is base[-1]:
            made.append(BaseDocument(one.title, one.language, (*texts,), np.concatenate(vectors)))
            texts, vectors = [], []
    return made


def _enlarge(assistant: Assistant, enlarger: Enlarger, chunks: int, groups: int) -> None:
    _, present = assistant.library.count(OPERATOR)
    started = time.perf_counter()
    batch: list[Publication] = []
    waiting = 0
    for publication in enlarger.publications(max(0, chunks - present), groups=groups):
        batch.append(publication)
        waiting += len(publication.draft.chunks)
        if waiting >= BATCH_CHUNKS:
            assistant.library.publish_all(batch)
            present, waiting, batch = present + waiting, 0, []
            seconds = time.perf_counter() - started
            print(f"{present:,} chunks after {seconds:.0f} s", file=sys.stderr, flush=True)
    assistant.library.publish_all(batch)


def _people(assistant: Assistant, count: int, groups: int) -> Iterator[Person]:
    draw = random.Random(1)  # noqa: S311 - the same each time
    for number in range(count):
        member_of = max(1, round(SHARES[number % len(SHARES)] * groups))
        joined = [f"g{one}" for one in draw.sample(range(groups), member_of)]
        name = f"reader{number}"
        assistant.people.add_user(name, groups=joined)
        yield Person(name, assistant.people.create_token(name).secret, member_of)


def _writer(assistant: Assistant) -> str:
    """The token of somebody who may bring documents in."""
    assistant.people.add_user("writer", role=Role.EDITOR)
    return assistant.people.create_token("writer", scope=TokenScope.WRITE).secret
