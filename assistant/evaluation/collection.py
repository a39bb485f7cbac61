"""The indexed collection of a question set: a data directory of its own, kept between runs."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from assistant.assistant import Assistant
from assistant.data_directory import own_directory
from assistant.errors import DataDirectoryBusyError, DataDirectoryError
from assistant.evaluation.question_set import QuestionSet
from assistant.models.embedders import open_embedder
from assistant.service import open_assistant
from assistant.settings import Settings
from assistant.types import ProgressListener

FOLDER = "evaluation"
"""In the data directory; what is known there is not touched."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An indexed collection on the disk."""

    path: Path
    size_bytes: int
    used_s: float


def open_collection(
    settings: Settings, questions: QuestionSet, *, listener: ProgressListener | None = None
) -> Assistant:
    """An assistant over the set's documents and nothing else; close it after use.

    They are brought in by the same chunker, embedder and indexes as any document; what an
    earlier run brought in is found again. An interrupted call is taken up by the next one.

    Raises:
        DataDirectoryBusyError: another process evaluates the same set.
        PhiloError: see `open_assistant`.
    """
    _make_parents(settings.data)
    embedder = open_embedder(settings.models)
    folder = _folder_of(settings, questions, embedder.id)
    own = settings.model_copy(update={"data": folder})
    assistant = open_assistant(own, embedder=embedder)
    try:
        os.utime(own.data)
        assistant.ingestor.ingest_texts(questions.documents, listener=listener)
        remove_unused(settings, most_bytes=settings.evaluation.cache_bytes, keep=own.data)
    except BaseException:
        assistant.close()
        raise
    return assistant


def kept_collections(settings: Settings) -> list[Kept]:
    """The longest unused first."""
    root = settings.data / FOLDER
    folders = [one for one in root.iterdir() if one.is_dir()] if root.is_dir() else []
    kept = [Kept(one, _size_bytes(one), one.stat().st_mtime) for one in folders]
    return sorted(kept, key=lambda one: one.used_s)


def remove_unused(settings: Settings, *, most_bytes: int, keep: Path | None = None) -> list[Kept]:
    """Delete the longest unused until the rest takes at most so much; which.

    Args:
        keep: stays whatever it takes, and so does what another process works on.
    """
    kept = kept_collections(settings)
    total = sum(one.size_bytes for one in kept)
    removed: list[Kept] = []
    for one in kept:
        if total <= most_bytes:
            break
        if one.path == keep:
            continue
        try:
            lock = own_directory(one.path)
        except DataDirectoryBusyError:
            continue
        try:
            shutil.rmtree(one.path)
        except OSError as exc:
            raise DataDirectoryError(f"{one.path} cannot be deleted: {exc}") from exc
        finally:
            lock.release()
        removed.append(one)
        total -= one.size_bytes
    return removed


def _folder_of(settings: Settings, questions: QuestionSet, embedder_id: str) -> Path:
    """One for each corpus, embedder and size of chunks; a newer chunker renews what is in it."""
    recipe = f"{questions.sha256} {embedder_id} {settings.ingest.chunk_tokens}"
    key = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    name = re.sub(r"[^\w.-]+", "-", questions.name)[:60].strip(".-") or "set"
    return settings.data / FOLDER / f"{name}-{key}"


def _make_parents(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / FOLDER).mkdir(mode=0o700, exist_ok=True)
    except OSError as exc:
        raise DataDirectoryError(
            f"{data} cannot be used as data directory ({exc.strerror or exc}); "
            "choose one that you may write to with --data"
        ) from exc


def _size_bytes(folder: Path) -> int:
    total = 0
    for one in folder.rglob("*"):
        with contextlib.suppress(OSError):  # another process works there, and deletes files
            total += one.stat().st_size
    return total
