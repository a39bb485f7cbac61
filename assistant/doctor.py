"""`philo doctor`: looks at everything that an installation needs, and names what is wrong."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from assistant.addresses import find_public_addresses
from assistant.checks.files import check_keys, check_originals, check_rights, check_space
from assistant.checks.indexes import check_indexes
from assistant.checks.record import (
    check_audit,
    check_database,
    check_erasures,
    check_jobs,
    check_schema,
    newest_time,
    opened_as_it_is,
)
from assistant.checks.surroundings import check_clock, check_port, check_servers, check_variables
from assistant.checks.types import Check, failed
from assistant.data_directory import find_service
from assistant.errors import ModelMissingError, PhiloError
from assistant.knowledge.database import Database
from assistant.knowledge.indexes import DATABASE
from assistant.models.catalog import RemoteSource, find_model
from assistant.models.depot import Depot
from assistant.models.generators.device import look_for_gpu
from assistant.models.generators.remote_models import name_generator, require_online
from assistant.models.settings import NO_GENERATOR
from assistant.models.tesseract import ADVICE, LANGUAGES, Tesseract
from assistant.service import choose_vectors, find_plugin, open_assistant
from assistant.settings import Settings
from assistant.types import OPERATOR

RUNTIMES = (
    ("onnxruntime", "onnxruntime-gpu"),
    ("onnxruntime-genai", "onnxruntime-genai-cuda"),
    ("chromadb",),
    ("tantivy",),
    ("streamlit",),
)
"""Packages that are needed; of each group, one."""


def examine(settings: Settings) -> list[Check]:
    """Run every check; a failing one never hides the next."""
    return [
        _machine(),
        _packages(),
        check_variables(),
        _data(settings.data),
        check_space(settings),
        check_rights(settings),
        *_port(settings),
        *check_servers(settings),
        *_vectors(settings),
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


def _port(settings: Settings) -> Iterator[Check]:
    if find_service(settings.data) is None:
        yield check_port()


def _vectors(settings: Settings) -> Iterator[Check]:
    """Of a server alone: what lies in the data directory is looked at with the rest."""
    if settings.storage.vectors == "embedded":
        return
    home = choose_vectors(settings.data, settings.storage)
    try:
        found = home.check()
    except PhiloError as exc:
        finding, _, advice = str(exc).rpartition("; ")
        yield Check("vector store", False, finding, advice)
    else:
        yield Check("vector store", True, found)
    finally:
        home.close()
    if settings.storage.vectors != "chroma":
        return
    if reached := find_public_addresses(settings.storage.chroma.host):
        finding = f"{settings.storage.chroma.host} is at {', '.join(reached)}: a public address"
        advice = (
            "Chroma asks nobody who they are: whoever reaches it reads and changes the vectors; "
            "bind it to a private address"
        )
        yield Check("vector store's address", False, finding, advice)


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
    path = settings.data / DATABASE
    if settings.storage.database is None:
        if not path.exists():
            yield check_clock(None)
            return
        found = check_database(path)
        yield found
        if not found.ok:
            return
    served = find_service(settings.data) is not None
    try:
        with opened_as_it_is(settings) as database:
            if (other := check_schema(database)) is not None:
                yield other
                return
            yield from _record(settings, database, served=served)
    except PhiloError as exc:
        yield failed("database", exc)
        return
    if served:
        yield Check("indexes", True, "in use by a running service", "stop it for a full check")
        return
    try:
        with open_assistant(settings.without_generator()) as assistant:
            documents, chunks = assistant.library.count(OPERATOR)
            yield Check("knowledge", True, f"{documents} documents, {chunks} chunks")
            yield from check_indexes(assistant.library)
    except PhiloError as exc:
        yield failed("knowledge", exc)


def _record(settings: Settings, database: Database, *, served: bool) -> Iterator[Check]:
    now = database.now()
    with database.reading() as session:
        yield check_clock(newest_time(session))
        yield from check_keys(settings, session)
        yield check_originals(settings, session)
        yield from check_jobs(session, now=now, served=served)
        yield check_erasures(session)
    yield check_audit(database)
