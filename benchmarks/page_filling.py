"""Fills a data directory with documents and conversations, through the library's own writer.

    python benchmarks/page_filling.py DIR [--documents 100000] [--conversations 1000]

The vectors are random: what is measured with it is how lists are read, not what is found.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from itertools import islice
from pathlib import Path

import numpy as np

from assistant.assistant import Assistant
from assistant.knowledge.library import Publication
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, Chunk, Draft, Line

WORDS = (
    "annual audit budget canteen contract delivery desk energy entrance export fleet garden "
    "heating insurance invoice journey kitchen laboratory leave library machine meeting notice "
    "office order parking pension permit quality release repair report safety salary schedule "
    "storage supplier training travel vehicle visitor warehouse warranty workshop"
).split()
COLLECTIONS = ("contracts", "minutes", "personnel", "quality", "safety", "technical")
AT_ONCE = 1_000
EXCHANGES_EACH = 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--conversations", type=int, default=1_000)
    arguments = parser.parse_args()
    fill(arguments.data, documents=arguments.documents, conversations=arguments.conversations)


def fill(data: Path, *, documents: int, conversations: int) -> None:
    """Bring a directory to so many documents and conversations; more than that stay."""
    settings = load_settings(data, environ={"PHILO_MODELS__GENERATOR": "none"})
    with open_assistant(settings) as assistant:
        add_documents(assistant, documents)
        add_conversations(assistant, conversations)


def add_documents(assistant: Assistant, wanted: int) -> None:
    started = time.perf_counter()
    present, _ = assistant.library.count(OPERATOR)
    dimension = assistant.embedder.dimension
    chance = np.random.default_rng(present)
    drafts = (make_draft(number) for number in range(present, wanted))
    done = present
    while some := [*islice(drafts, AT_ONCE)]:
        publications: list[Publication] = []
        for draft in some:
            vectors = chance.standard_normal((len(draft.chunks), dimension)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            name = COLLECTIONS[int(draft.content_sha256[:4], 16) % len(COLLECTIONS)]
            publications.append(Publication(draft, vectors, name))
        assistant.library.publish_all(publications)
        done += len(some)
        if done % (10 * AT_ONCE) == 0:
            print(f"{done} documents after {time.perf_counter() - started:.0f} s", flush=True)


def make_draft(number: int) -> Draft:
    """The document of that number, always the same: one page, one chunk."""
    chance = random.Random(number)  # noqa: S311 - the same each time
    title = f"{' '.join(chance.sample(WORDS, 3)).capitalize()} {number:06d}"
    text = f"{' '.join(chance.choices(WORDS, k=25)).capitalize()}. Number {number}."
    return Draft(
        uri=f"file:///archive/{number % 100:02d}/{number:06d}.md",
        title=title,
        text=text,
        chunks=(Chunk(0, 0, len(text), text, (), (Line(0, 1, None),)),),
        content_sha256=hashlib.sha256(text.encode()).hexdigest(),
        recipe="page benchmark",
        language=chance.choice(("fr", "en")),
        pages=1,
        media_type="text/markdown",
        size_bytes=len(text),
    )


def add_conversations(assistant: Assistant, wanted: int) -> None:
    """Of the operator, three questions each, without answers."""
    _, present = assistant.conversations.all(None, limit=1)
    for number in range(present, wanted):
        chance = random.Random(number)  # noqa: S311 - the same each time
        questions = [f"{' '.join(chance.sample(WORDS, 5))}?" for _ in range(EXCHANGES_EACH)]
        begun = assistant.conversations.start(questions[0], None)
        for question in questions:
            assistant.conversations.begin_exchange(begun.id, question, None)


if __name__ == "__main__":
    main()
