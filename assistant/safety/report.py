"""The safety report: what the model in use does, measured on this installation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from assistant import audit_details
from assistant.assistant import Assistant
from assistant.errors import DataDirectoryError, ModelError, QuestionSetError
from assistant.models.catalog import find_model
from assistant.models.depot import Depot
from assistant.models.generators.base import Generator
from assistant.safety.report_data import (
    Prompt,
    own_pairs,
    own_prompts,
    read_crows_pairs,
    read_xstest,
)
from assistant.safety.report_measures import (
    Figure,
    ask_plainly,
    leaks,
    prefer_stereotypes,
    questions_of,
    refusals,
    sample,
    swap_identities,
)
from assistant.settings import Settings
from assistant.types import OPERATOR, Language

QUICK_PAIRS = 40
QUICK_PROMPTS = 8
QUICK_QUESTIONS = 2
QUICK_IDENTITIES = 5
QUESTIONS = 8


@dataclass(frozen=True, slots=True)
class Sources:
    """Files of an administrator that are measured on beside Philo's own sentences."""

    crows_pairs: tuple[Path, ...] = ()
    xstest: Path | None = None
    questions: Path | None = None


@dataclass(frozen=True, slots=True)
class SafetyReport:
    """`model_sha256` is the fingerprint of its files, "" where they are elsewhere."""

    model: str
    model_title: str
    model_licence: str
    model_sha256: str
    settings_sha256: str
    made_at: str
    philo_version: str
    documents: int
    quick: bool
    sources: tuple[str, ...]
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]


def measure(
    assistant: Assistant,
    *,
    sources: Sources = Sources(),
    quick: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> SafetyReport:
    """Measure the model in use over the readable documents.

    Args:
        quick: on a small part of each, in under two minutes on two cores.
        tell: what is measured next.
    Raises:
        ModelError: no model writes, or it failed.
        QuestionSetError: a file cannot be used.
    """
    generator = assistant.generator
    if generator is None:
        raise ModelError(
            "no model writes here, so there is none to measure; name one in models.generator"
        )
    notes: list[str] = []
    figures = _stereotypes(generator, sources, quick, tell, notes)
    tell("questions under swapped identities")
    questions = _questions(assistant, sources, quick)
    if questions:
        figures += swap_identities(assistant, questions, most=QUICK_IDENTITIES if quick else None)
    else:
        notes.append("No document has headings to ask about: identities were not swapped.")
    figures += _prompts(generator, sources, quick, tell)
    tell("leaks of what the model was told")
    secrets = sample(own_prompts("leak"), 4 if quick else None, by=lambda one: one.language)
    figures += leaks(assistant, generator, secrets)
    return _report(assistant, generator, figures, sources, notes, quick=quick)


def _stereotypes(
    generator: Generator,
    sources: Sources,
    quick: bool,
    tell: Callable[[str], None],
    notes: list[str],
) -> list[Figure]:
    tell("stereotypes in token probabilities")
    most = QUICK_PAIRS if quick else None
    own = sample(own_pairs(), most, by=lambda pair: pair.language)
    figures = prefer_stereotypes(generator, own)
    if not figures:
        notes.append("The model tells no probabilities of given texts: no figure on stereotypes.")
        return []
    for path in sources.crows_pairs:
        tell(f"stereotypes of {path.name}")
        pairs = sample(read_crows_pairs(path), most, by=lambda pair: pair.category)
        figures += [
            Figure(
                f"{path.name}: {one.name}",
                one.group,
                one.outcomes,
                one.wanted,
                one.meaning,
            )
            for one in prefer_stereotypes(generator, pairs)
        ]
    return figures


def _prompts(
    generator: Generator, sources: Sources, quick: bool, tell: Callable[[str], None]
) -> list[Figure]:
    most = QUICK_PROMPTS if quick else None
    asked = [
        ("alarming but harmless", own_prompts("alarming"), 0.0),
        ("harmful", own_prompts("harmful"), 1.0),
        ("harmful, disguised", own_prompts("jailbreak"), 1.0),
    ]
    if sources.xstest is not None:
        safe, unsafe = read_xstest(sources.xstest)
        asked += [("XSTest, safe", safe, 0.0), ("XSTest, unsafe", unsafe, 1.0)]
    figures: list[Figure] = []
    for name, prompts, wanted in asked:
        tell(f"prompts: {name}")
        some = sample(prompts, most, by=lambda one: one.language)
        figures += refusals(name, ask_plainly(generator, some), some, wanted=wanted)
    return figures


def _questions(assistant: Assistant, sources: Sources, quick: bool) -> list[Prompt]:
    most = QUICK_QUESTIONS if quick else QUESTIONS
    if sources.questions is None:
        return questions_of(assistant, most=most)
    try:
        lines = sources.questions.read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
        found = []
        for row in rows:
            language: Language = "fr" if row.get("language") == "fr" else "en"
            found.append(Prompt(str(row["question"]), language))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise QuestionSetError(
            f"{sources.questions} cannot be used ({exc!r}); each line is one JSON object with "
            "`question` and `language`"
        ) from exc
    return sample(found, most, by=lambda one: one.language)


def _report(
    assistant: Assistant,
    generator: Generator,
    figures: list[Figure],
    sources: Sources,
    notes: list[str],
    *,
    quick: bool,
) -> SafetyReport:
    settings = assistant.settings
    depot = Depot(settings.models.directory, settings.models.pins)
    entry = find_model(generator.model_id, depot)
    used = [*sources.crows_pairs, sources.xstest, sources.questions]
    documents, _ = assistant.library.count(OPERATOR)
    return SafetyReport(
        model=generator.model_id,
        model_title=entry.title,
        model_licence=entry.licence,
        model_sha256=_fingerprint(settings),
        settings_sha256=audit_details.settings_digest(settings),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        philo_version=version("philo"),
        documents=documents,
        quick=quick,
        sources=tuple(
            f"{path.name} (SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()})"
            for path in used
            if path is not None
        ),
        figures=tuple(figures),
        notes=tuple(notes),
    )


def _fingerprint(settings: Settings) -> str:
    depot = Depot(settings.models.directory, settings.models.pins)
    entry = find_model(settings.models.generator, depot)
    if entry.runs_on == "remote":
        return ""
    return depot.manifest(entry).fingerprint


def write(report: SafetyReport, folder: Path) -> list[Path]:
    """Write report.md, report.html, report.json and the plots into a folder; the files.

    Raises:
        DataDirectoryError: one cannot be written.
    """
    from assistant.safety.report_page import files_of

    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, text in files_of(report).items():
            path = folder / name
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as exc:
        raise DataDirectoryError(
            f"{folder} cannot be written ({exc.strerror or exc}); choose another with --out"
        ) from exc
    return written
