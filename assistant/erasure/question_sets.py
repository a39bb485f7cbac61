"""Question sets that `philo eval collect` wrote: they hold all documents' texts."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.erasure.scanning import count_matches
from assistant.errors import ErasureError
from assistant.knowledge.library import Library
from assistant.words import fold

if TYPE_CHECKING:
    from assistant.erasure.traces import Traces

MARKER = "collected.json"
"""As in `evaluation.collect`."""


class CollectedSets:
    """Those whose folder is on the list of exports and still holds one."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def forget_document(self, document_id: str) -> int:
        """Take out its text, and the answers to the questions that it answers."""
        return sum(_forget_document(folder, document_id) for folder in self._folders())

    def forget_user(self, name: str) -> int:
        """Take out the questions that they rated, with their answers."""
        asked = {_key(one.question) for one in self._library.ratings.of_user(name)}
        return sum(_forget_questions(folder, asked) for folder in self._folders()) if asked else 0

    def residue(self, traces: Traces) -> int:
        files = [path for folder in self._folders() for path in folder.iterdir() if path.is_file()]
        return sum(sum(count_matches(path, traces.needles()).values()) for path in files)

    def _folders(self) -> list[Path]:
        paths = map(Path, self._library.exports.paths("question set"))
        return [path for path in paths if (path / MARKER).is_file()]


def _forget_document(folder: Path, document_id: str) -> int:
    relevant = _queries_of(folder, document_id)
    removed = _keep(folder / "corpus.jsonl", lambda row: row["_id"] != document_id)
    removed += _keep(folder / "answers.jsonl", lambda row: row["_id"] not in relevant)
    _keep_lines(folder / "qrels.tsv", lambda line: line.split("\t")[1:2] != [document_id])
    return removed


def _forget_questions(folder: Path, asked: set[str]) -> int:
    gone = {row["_id"] for row in _rows(folder / "queries.jsonl") if _key(row["text"]) in asked}
    removed = 0
    for file in ("queries.jsonl", "answers.jsonl"):
        removed += _keep(folder / file, lambda row: row["_id"] not in gone)
    _keep_lines(folder / "qrels.tsv", lambda line: line.split("\t")[0] not in gone)
    return removed


def _key(question: str) -> str:
    return " ".join(fold(question).split())


def _queries_of(folder: Path, document_id: str) -> set[str]:
    path = folder / "qrels.tsv"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {line.split("\t")[0] for line in lines if line.split("\t")[1:2] == [document_id]}


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _keep(path: Path, wanted: Callable[[dict[str, Any]], bool]) -> int:
    return _keep_lines(path, lambda line: wanted(json.loads(line)))


def _keep_lines(path: Path, wanted: Callable[[str], bool]) -> int:
    """Leave these lines only; how many went."""
    if not path.is_file():
        return 0
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and wanted(line)]
    gone = sum(1 for line in lines if line) - len(kept)
    if gone:
        _replace(path, kept)
    return gone


def _replace(path: Path, lines: Iterable[str]) -> None:
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as exc:
        raise ErasureError(
            f"{path} holds what is to be erased and cannot be written ({exc.strerror or exc}); "
            "delete that question set, or make it writable; the erasure goes on at the next start"
        ) from exc
