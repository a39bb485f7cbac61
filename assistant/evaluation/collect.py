"""A question set of one's own, out of answers that people rated."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.client import Client
from assistant.errors import DocumentNotFoundError, QuestionSetError
from assistant.types import PublicModel, Rating
from assistant.words import fold

PAGE = 500
MARKER = "collected.json"
"""Says that a folder's files were written here, and may be written again."""


class Collected(PublicModel):
    """`left_out` are rated questions of which it is not known what a right answer is."""

    folder: str
    questions: int
    answerable: int
    unanswerable: int
    left_out: int
    documents: int


@dataclass(slots=True)
class _Case:
    question: str
    answers: list[str] = field(default_factory=list)
    answerable: bool = True
    documents: list[str] = field(default_factory=list)


def collect(client: Client, folder: Path) -> Collected:
    """Write corpus.jsonl with all documents, and questions, relevant documents and answers from
    the ratings; of a question that was rated more than once, the newest rating counts.

    A good answer is an expected one, and its cited documents are relevant; a corrected one has
    the correction as expected answer. A good refusal makes an unanswerable question.

    Raises:
        QuestionSetError: nothing was rated so that it can be used, or the folder holds
            another set.
        PhiloError: the data directory or the service.
    """
    if (folder / "corpus.jsonl").exists() and not (folder / MARKER).exists():
        raise QuestionSetError(
            f"{folder} holds a question set that was not collected here; choose another folder"
        )
    cases: list[_Case] = []
    left_out = 0
    for rating in _newest(_ratings(client)):
        case = _case_of(rating)
        if case is None:
            left_out += 1
        else:
            cases.append(case)
    if not cases:
        raise QuestionSetError(
            f"{left_out} questions were rated, and of none is a right answer known; rate answers "
            "as good, or correct them, first"
        )
    known = dict(_documents(client))
    _make(folder)
    _write(folder / "corpus.jsonl", _corpus_rows(client, known))
    named = {f"r{number}": case for number, case in enumerate(reversed(cases), start=1)}
    _write(
        folder / "queries.jsonl",
        ({"_id": key, "text": case.question} for key, case in named.items()),
    )
    _write(
        folder / "answers.jsonl",
        (
            {"_id": key, "answers": case.answers, "answerable": case.answerable}
            for key, case in named.items()
        ),
    )
    lines = ["query-id\tcorpus-id\tscore"]
    for key, case in named.items():
        lines += [f"{key}\t{one}\t1" for one in dict.fromkeys(case.documents) if one in known]
    _write_text(folder / "qrels.tsv", "".join(f"{line}\n" for line in lines))
    collected = Collected(
        folder=str(folder),
        questions=len(cases),
        answerable=sum(case.answerable for case in cases),
        unanswerable=sum(not case.answerable for case in cases),
        left_out=left_out,
        documents=len(known),
    )
    client.note_export("question set", str(folder.resolve()))
    _write_text(folder / MARKER, collected.model_dump_json() + "\n")
    return collected


def _case_of(rating: Rating) -> _Case | None:
    """None where a right answer is not known."""
    cited = [one for sentence in rating.sentences for one in sentence.document_ids]
    if rating.correction:
        relevant = rating.document_ids or cited
        return _Case(rating.question, [rating.correction], True, relevant)
    if not rating.good:
        return None
    if rating.refused:
        return _Case(rating.question, answerable=False)
    answer = " ".join(sentence.text for sentence in rating.sentences)
    return _Case(rating.question, [answer], True, rating.document_ids or cited) if answer else None


def _newest(ratings: Iterable[Rating]) -> list[Rating]:
    """`ratings` newest first."""
    by_question: dict[str, Rating] = {}
    for rating in ratings:
        by_question.setdefault(" ".join(fold(rating.question).split()), rating)
    return [*by_question.values()]


def _ratings(client: Client) -> Iterator[Rating]:
    offset, total = 0, 1
    while offset < total:
        page, total = client.ratings(offset=offset, limit=PAGE)
        yield from page
        offset += PAGE


def _documents(client: Client) -> Iterator[tuple[str, str]]:
    offset, total = 0, 1
    while offset < total:
        page, total = client.documents(query="", state="published", offset=offset, limit=PAGE)
        yield from ((one.id, one.title) for one in page)
        offset += PAGE


def _corpus_rows(client: Client, known: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for document_id, title in known.items():
        try:
            text = "\n".join(client.chunk_texts(document_id))
        except DocumentNotFoundError:  # removed meanwhile
            continue
        yield {"_id": document_id, "title": title, "text": text}


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise QuestionSetError(f"{folder} cannot be made ({exc.strerror or exc})") from exc


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    _write_text(path, (json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _write_text(path: Path, parts: Iterable[str]) -> None:
    """Whole or not at all, and for the owner's eyes: it holds what documents say."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(parts)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise QuestionSetError(
            f"{path} cannot be written ({exc.strerror or exc}); choose another folder"
        ) from exc
