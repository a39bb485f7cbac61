"""Question sets in BEIR's files, brought into a real library the way documents are."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from assistant.knowledge.library import Library
from assistant.knowledge.opening import open_library
from assistant.language import detect_language
from assistant.models.embedders.base import Embedder
from assistant.types import EVERYONE, Block, BlockKind, Draft, Line, ParsedDocument
from ingestion.chunking import chunk_document


@dataclass(frozen=True, slots=True)
class Question:
    """`answerable` None: the set does not say (every question has relevant documents then)."""

    id: str
    text: str
    answers: tuple[str, ...]
    grades: dict[str, int]
    answerable: bool | None

    @property
    def relevant(self) -> frozenset[str]:
        return frozenset(self.grades)


def load_questions(folder: Path) -> list[Question]:
    given = folder / "answers.jsonl"
    answers = {row["_id"]: row for row in _rows(given)} if given.exists() else {}
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        question, document, score = line.split("\t")
        if int(score) > 0:
            grades[question][f"{folder.name}/{document}"] = int(score)
    return [
        Question(
            id=row["_id"],
            text=row["text"],
            answers=tuple(answers.get(row["_id"], {}).get("answers", ())),
            grades=grades[row["_id"]],
            answerable=answers.get(row["_id"], {}).get("answerable"),
        )
        for row in _rows(folder / "queries.jsonl")
    ]


def open_set(
    folder: Path,
    data: Path,
    embedder: Embedder,
    *,
    chunk_tokens: int = 220,
    library: Library | None = None,
) -> Library:
    """A library of the set's corpus (or `library` with it); a document's address is
    the set's name and its id there."""
    if library is None:
        library = open_library(data, embedder_id=embedder.id, dimension=embedder.dimension)
    if library.uris_of_source(str(folder), "default"):
        return library
    for row in _rows(folder / "corpus.jsonl"):
        parts = [part.strip() for part in row["text"].split("\n") if part.strip()]
        blocks = [Block(BlockKind.PARAGRAPH, part, (Line(0, 1),)) for part in parts]
        parsed = ParsedDocument(title=row["title"], blocks=tuple(blocks))
        text, chunks = chunk_document(
            parsed, count_tokens=embedder.count_tokens, chunk_tokens=chunk_tokens
        )
        if not chunks:
            continue
        vectors = embedder.encode_passages([one.indexed_text(row["title"]) for one in chunks])
        draft = Draft(
            uri=f"{folder.name}/{row['_id']}",
            title=row["title"],
            text=text,
            chunks=chunks,
            content_sha256=hashlib.sha256(row["text"].encode()).hexdigest(),
            recipe="benchmark",
            language=detect_language(text),
            pages=1,
        )
        library.publish(
            draft,
            vectors,
            collection="default",
            groups=frozenset({EVERYONE}),
            source=str(folder),
        )
    return library


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
