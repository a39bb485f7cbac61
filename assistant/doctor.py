"""`philo doctor`: looks at everything that an installation needs, and names what is wrong."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from assistant.data_directory import find_service
from assistant.errors import ModelMissingError, PhiloError
from assistant.models.catalog import RemoteSource, find_model
from assistant.models.depot import Depot
from assistant.models.generators.device import look_for_gpu
from assistant.models.generators.remote_models import name_generator, require_online
from assistant.models.tesseract import ADVICE, LANGUAGES, Tesseract
from assistant.service import find_plugin, open_assistant
from assistant.settings import NO_GENERATOR, Settings
from assistant.types import OPERATOR

LEAST_FREE_BYTES = 2**30
RUNTIMES = (
    ("onnxruntime", "onnxruntime-gpu"),
    ("onnxruntime-genai", "onnxruntime-genai-cuda"),
    ("chromadb",),
    ("tantivy",),
    ("streamlit",),
)
"""Packages that are needed; of each group, one."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` says what to do, or what to know, where there is some."""

    name: str
    ok: bool
    finding: str
    advice: str = ""


def examine(settings: Settings) -> list[Check]:
    """Run every check; a failing one never hides the next."""
    return [
        _machine(),
        _packages(),
        _data(settings.data),
        _space(settings),
        *_models(settings),
        _device(),
        _recognition(),
        *_knowledge(settings),
    ]


def _machine() -> Check:
    finding = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    return Check("machine", sys.version_info >= (3, 11), finding)


def _packages() -> Check:
    found = []
    for names in RUNTIMES:
        versions = [f"{name} {version}" for name in names if (version := _version(name))]
        if not versions:
            advice = "run: pip install philo"
            return Check("packages", False, f"{names[0]} is not installed", advice)
        found += versions
    for part in ("ingestor", "page"):
        if find_plugin(part) is None:
            return Check("packages", False, f"no {part}", "run: pip install philo")
    return Check("packages", True, ", ".join(found))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _data(data: Path) -> Check:
    if not data.exists():
        return Check("data directory", True, f"{data} (none yet)", "run: philo ingest FOLDER")
    if not os.access(data, os.W_OK | os.X_OK):
        advice = "give your user the right to write there, or choose another with --data"
        return Check("data directory", False, f"{data} is not writable", advice)
    return Check("data directory", True, str(data))


def _space(settings: Settings) -> Check:
    place = next(path for path in (settings.data, *settings.data.parents) if path.exists())
    free = shutil.disk_usage(place).free
    advice = "" if free >= LEAST_FREE_BYTES else "free at least 1 GiB"
    return Check("disk", not advice, f"{free / 2**30:.1f} GiB free", advice)


def _models(settings: Settings) -> Iterator[Check]:
    depot = Depot(settings.models.directory, settings.models.pins)
    for wanted in (settings.models.embedder, settings.models.reader, settings.models.generator):
        if wanted == NO_GENERATOR or Path(wanted).expanduser().is_dir():
            yield Check(f"model {wanted}", True, "not built in")
            continue
        try:
            entry = find_model(wanted, depot)
            if isinstance(entry.source, RemoteSource):
                yield _remote(entry.source, settings)
                continue
            depot.verify(entry)
            yield Check(f"model {wanted}", True, "every file as it was made")
        except PhiloError as exc:
            finding, _, advice = str(exc).rpartition("; ")
            yield Check(f"model {wanted}", False, finding, advice)


def _remote(source: RemoteSource, settings: Settings) -> Check:
    """Without asking its server: only an answer sends something there."""
    name = f"model {settings.models.generator}"
    try:
        require_online(settings.offline, source, settings.models)
        finding = f"{name_generator(settings.models)}; it gets questions and passages"
    except PhiloError as exc:
        finding, _, advice = str(exc).partition("; ")
        return Check(name, False, finding, advice)
    return Check(name, True, finding)


def _device() -> Check:
    found = look_for_gpu()
    if found.name == "cuda":
        return Check("device", True, "GPU (CUDA)")
    return Check("device", not found.conflict, f"CPU; {found.obstacle}", found.advice)


def _recognition() -> Check:
    try:
        reader = Tesseract()
    except ModelMissingError as exc:
        finding, _, advice = str(exc).partition("; ")
        return Check("character recognition", True, f"{finding}: scans stay unread", advice)
    try:
        missing = sorted({*LANGUAGES} - {*reader.languages})
        finding = f"Tesseract {reader.version}, {' and '.join(reader.languages)}"
        advice = f"for {' and '.join(missing)}: {ADVICE}" if missing else ""
        return Check("character recognition", True, finding, advice)
    finally:
        reader.close()


def _knowledge(settings: Settings) -> Iterator[Check]:
    database = settings.data / "philo.db"
    if not database.exists():
        return
    if find_service(settings.data) is not None:
        yield Check("knowledge", True, "in use by a running service", "stop it for a full check")
        return
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            verdict = str(connection.execute("PRAGMA quick_check").fetchone()[0])
    except sqlite3.DatabaseError as exc:
        verdict = str(exc)
    advice = "" if verdict == "ok" else "restore philo.db from your backup"
    yield Check("database", verdict == "ok", verdict, advice)
    if verdict != "ok":
        return
    try:
        with open_assistant(settings) as assistant:
            documents, chunks = assistant.library.count(OPERATOR)
        yield Check("knowledge", True, f"{documents} documents, {chunks} chunks, indexes agree")
    except PhiloError as exc:
        yield Check("knowledge", False, str(exc))
