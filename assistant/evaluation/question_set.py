"""Question sets in BEIR's files: corpus.jsonl, queries.jsonl, qrels.tsv, answers.jsonl."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import QuestionSetError
from assistant.types import TextDocument

SCHEME = "corpus:"
"""Before a document's id in the set, its address in the library made of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """`grades` are of relevant documents only: id -> 1 or more. `answerable` None: the question
    is not among the answers of the set, and is only searched for."""

    id: str
    text: str
    grades: Mapping[str, int]
    answers: tuple[str, ...]
    answerable: bool | None


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """`sha256` is of corpus.jsonl. `warnings` say what was passed over, with counts."""

    name: str
    documents: tuple[TextDocument, ...]
    questions: tuple[Question, ...]
    sha256: str
    warnings: tuple[str, ...]

    @property
    def searched(self) -> tuple[Question, ...]:
        """The questions of which the relevant documents are known."""
        return tuple(one for one in self.questions if one.grades)

    @property
    def asked(self) -> tuple[Question, ...]:
        """The questions of which it is known whether the documents answer them."""
        return tuple(one for one in self.questions if one.answerable is not None)

    def sample(self, limit: int) -> QuestionSet:
        """The same with at most `limit` questions, evenly out of all of them."""
        count = len(self.questions)
        if count <= limit:
            return self
        kept = tuple(self.questions[index * count // limit] for index in range(limit))
        note = f"{limit} of {count} questions taken (--limit)"
        return QuestionSet(self.name, self.documents, kept, self.sha256, (*self.warnings, note))


def load_question_set(folder: Path) -> QuestionSet:
    """Read the files of a folder.

    Raises:
        QuestionSetError: a file is missing or empty, a line is broken, an id stands twice.
    """
    if not folder.is_dir():
        raise QuestionSetError(
            f"{folder} is no folder; give one with corpus.jsonl, queries.jsonl and qrels.tsv"
        )
    warnings: list[str] = []
    corpus = folder / "corpus.jsonl"
    documents = {
        key: TextDocument(
            uri=f"{SCHEME}{key}",
            title=_text(row, "title", place, missing=""),
            text=_text(row, "text", place),
        )
        for key, row, place in _rows(corpus)
    }
    if not any(one.text.strip() for one in documents.values()):
        raise QuestionSetError(f"{corpus} holds no document with a text; there is nothing to find")
    queries = {
        key: _text(row, "text", place) for key, row, place in _rows(folder / "queries.jsonl")
    }
    if not queries:
        raise QuestionSetError(f"{folder / 'queries.jsonl'} holds no question")
    grades = _read_grades(folder, documents, queries, warnings)
    answers = _read_answers(folder / "answers.jsonl", queries, grades, warnings)
    questions = tuple(
        Question(key, text, grades.get(key, {}), *answers.get(key, ((), None)))
        for key, text in queries.items()
    )
    if without := sum(not (one.grades or one.answerable is not None) for one in questions):
        warnings.append(f"{without} questions have neither relevant documents nor answers")
    return QuestionSet(
        name=folder.resolve().name,
        documents=tuple(documents.values()),
        questions=questions,
        sha256=hashlib.sha256(corpus.read_bytes()).hexdigest(),
        warnings=tuple(warnings),
    )


def _read_grades(
    folder: Path,
    documents: Mapping[str, object],
    queries: Mapping[str, object],
    warnings: list[str],
) -> dict[str, dict[str, int]]:
    path = folder / "qrels.tsv"
    if not path.is_file() and (folder / "qrels" / "test.tsv").is_file():  # as BEIR lays it out
        path = folder / "qrels" / "test.tsv"
    grades: dict[str, dict[str, int]] = {}
    passed: Counter[str] = Counter()
    for number, line in _lines(path):
        fields = line.split("\t")
        place = f"{path} line {number}"
        if len(fields) != 3:
            raise QuestionSetError(
                f"{place} has {len(fields)} fields; 3 with tabs between them are expected: "
                "query-id, corpus-id, score"
            )
        query, document, score = (field.strip() for field in fields)
        if number == 1 and not score.lstrip("-").isdigit():
            continue  # the header
        if not score.lstrip("-").isdigit():
            raise QuestionSetError(f"{place}: the score {score[:40]!r} is no whole number")
        if query not in queries:
            passed["questions that queries.jsonl does not hold"] += 1
        elif document not in documents:
            passed["documents that corpus.jsonl does not hold"] += 1
        elif int(score) > 0:
            of_query = grades.setdefault(query, {})
            if document in of_query and of_query[document] != int(score):
                passed["a question and a document that were named before, with another score"] += 1
            of_query[document] = int(score)
    warnings += [
        f"{count} lines of {path.name} passed over: they name {what}"
        for what, count in passed.items()
    ]
    return grades


def _read_answers(
    path: Path,
    queries: Mapping[str, object],
    grades: Mapping[str, object],
    warnings: list[str],
) -> dict[str, tuple[tuple[str, ...], bool]]:
    if not path.is_file():
        return {}
    found: dict[str, tuple[tuple[str, ...], bool]] = {}
    unknown = 0
    for key, row, place in _rows(path):
        given = row.get("answers", [])
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise QuestionSetError(f"{place}: `answers` is no list of texts")
        answers = tuple(clean for one in given if (clean := _clean(one).strip()))
        answerable = row.get("answerable", bool(answers or key in grades))
        if not isinstance(answerable, bool):
            raise QuestionSetError(f"{place}: `answerable` is neither true nor false")
        if key not in queries:
            unknown += 1
            continue
        found[key] = (answers, answerable)
    if unknown:
        warnings.append(f"{unknown} lines of {path.name} passed over: no such question")
    return found


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(id, row, where it stands) of a file of JSON lines."""
    seen: dict[str, int] = {}
    for number, line in _lines(path):
        place = f"{path} line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise QuestionSetError(f"{place} is not JSON ({exc}); correct or remove it") from exc
        if not isinstance(row, dict):
            raise QuestionSetError(f"{place} is no JSON object")
        key = row.get("_id")
        if isinstance(key, int) and not isinstance(key, bool):
            key = str(key)
        if not isinstance(key, str) or not key.strip():
            raise QuestionSetError(f"{place} has no `_id`; give each line one")
        key = _clean(key).strip()
        if key in seen:
            raise QuestionSetError(
                f"{place} has the `_id` {key[:80]!r} of line {seen[key]}; each stands once"
            )
        seen[key] = number
        yield key, row, place


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered from 1, without blank ones."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except FileNotFoundError as exc:
        raise QuestionSetError(f"{path} is missing; see docs/evaluation.md for the files") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise QuestionSetError(f"{path} cannot be read as UTF-8 text: {exc}") from exc


def _text(row: dict[str, Any], name: str, place: str, *, missing: str | None = None) -> str:
    value = row.get(name, missing)
    if value is None and missing is not None:
        return missing
    if not isinstance(value, str):
        raise QuestionSetError(f"{place} has no text in `{name}`")
    return _clean(value)


def _clean(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can name and nothing can store."""
    return text.encode("utf-8", "replace").decode("utf-8")
