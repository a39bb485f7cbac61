"""Documents with a reference summary, read from a folder."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.assistant import Assistant
from assistant.errors import ParseError
from assistant.language import detect_language
from assistant.summarizing.roles import role_of
from assistant.summarizing.types import Form, Role
from assistant.types import Chunk, Draft, Line
from assistant.words import plain_words

LEAST_WORDS = 40
"""A shorter abstract was not read as one."""

MOST_REPEATED = 0.2
"""A chunk that holds a larger share of the abstract's runs of words repeats it (cover pages)."""

RUN_WORDS = 5

_AFTER = re.compile(r"\b(?:Keywords|Key words|Mots[- ]cl[ée]s|General Terms|Categories and)\b")
_BEFORE = re.compile(r"^.*?\b(?:ABSTRACT|Abstract|R[ée]sum[ée]|Summary)\b[\s.:—–-]*")
_OPENING = re.compile(r"\s*(?:abstract|r[ée]sum[ée]|summary)\b[\s.:—–-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Case:
    """`path` where the document is a file."""

    name: str
    draft: Draft
    reference: str
    form: Form
    path: Path | None = None


def list_cases(directory: Path, assistant: Assistant, *, limit: int | None) -> Iterator[Case]:
    """In order of their names; `limit` of them, evenly spread."""
    if (directory / "corpus.jsonl").is_file():
        yield from _spread(_beir_cases(directory), limit)
        return
    files = sorted(one for one in directory.rglob("*") if one.is_file())
    for path in _spread(files, limit):
        try:
            draft = assistant.ingestor.read_file(str(path))
        except ParseError:
            continue
        if (parted := part_abstract(draft)) is not None:
            without, abstract = parted
            yield Case(path.name, without, abstract, "abstract", path)


def part_abstract(draft: Draft) -> tuple[Draft, str] | None:
    """The document without its abstract, and the abstract; None where none is found."""
    own = [chunk for chunk in draft.chunks if _is_abstract(chunk)]
    told = " ".join(" ".join(chunk.text for chunk in own).split())
    text = _AFTER.split(_BEFORE.sub("", told))[0].strip()
    if len(text.split()) < LEAST_WORDS:
        return None
    first, runs = own[0], _runs(text)
    rest = tuple(
        chunk
        for chunk in draft.chunks
        if chunk not in own
        and not (chunk.ordinal < first.ordinal and chunk.page == first.page)
        and len(runs & _runs(chunk.text)) <= MOST_REPEATED * len(runs)
    )
    return replace(draft, chunks=rest), text


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [*plain_words(text)]
    return {tuple(words[at : at + RUN_WORDS]) for at in range(len(words) - RUN_WORDS + 1)}


def _is_abstract(chunk: Chunk) -> bool:
    named = any(role_of((name,)) is Role.ABSTRACT for name in chunk.heading)
    return named or (chunk.page == 1 and _OPENING.match(chunk.text) is not None)


def _beir_cases(directory: Path) -> list[Case]:
    """One for each document that a query is about; its first one is the reference."""
    with (directory / "qrels.tsv").open(encoding="utf-8", newline="") as rows:
        relevant = {
            row["query-id"]: row["corpus-id"] for row in csv.DictReader(rows, delimiter="\t")
        }
    references: dict[str, str] = {}
    for query in _lines(directory / "queries.jsonl"):
        if (document := relevant.get(query["_id"])) is not None:
            references.setdefault(document, query["text"])
    return [
        Case(one["_id"], _draft(one), references[one["_id"]], "sentence")
        for one in _lines(directory / "corpus.jsonl")
        if one["_id"] in references
    ]


def _draft(one: dict[str, Any]) -> Draft:
    text = one["text"]
    chunk = Chunk(0, 0, len(text), text, (), (Line(0, 1),))
    return Draft(
        uri=f"eval:{one['_id']}",
        title=one.get("title", ""),
        text=text,
        chunks=(chunk,),
        content_sha256=hashlib.sha256(text.encode()).hexdigest(),
        recipe="eval",
        language=detect_language(text),
        pages=1,
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _spread(items: Sequence[Any], limit: int | None) -> Iterator[Any]:
    step = 1.0 if limit is None else max(1.0, len(items) / limit)
    at = 0.0
    while int(at) < len(items):
        yield items[int(at)]
        at += step
