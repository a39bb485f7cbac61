"""Evaluations over time: the figures of each run, beside the settings that it was made with.

No text of a question or a document is kept, so that nothing has to be erased here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.errors import DataDirectoryError
from assistant.evaluation import RUNS_FOLDER
from assistant.evaluation.comparison import changed_settings
from assistant.settings import Settings
from assistant.types import PublicModel

FOLDER = RUNS_FOLDER
MOST_KEPT = 1000


class EvaluationRun(PublicModel):
    """`figures` and `intervals` by name, those of answers behind `answers.`; `settings` are those
    that differ from the defaults."""

    id: str
    at: str
    dataset: str
    queries: int
    documents: int
    chunks: int
    embedder: str
    generator: str
    figures: dict[str, float | None]
    intervals: dict[str, tuple[float, float]]
    settings: dict[str, str]


def keep_run(settings: Settings, told: Mapping[str, Any], *, now: datetime) -> EvaluationRun:
    """Keep the figures of `evaluate.to_json` in the data directory; the oldest runs go.

    Raises:
        DataDirectoryError: they cannot be written.
    """
    at = now.astimezone(UTC).isoformat(timespec="seconds")
    answers = told["answers"] or {}
    run = EvaluationRun(
        id=f"{re.sub('[^0-9]', '', at[:19])}-{secrets.token_hex(3)}",
        at=at,
        dataset=told["dataset"],
        queries=told["queries"],
        documents=told["documents"],
        chunks=told["chunks"],
        embedder=told["embedder"],
        generator=answers.get("generator", ""),
        figures=_figures(told) | _figures(answers, "answers."),
        intervals=_intervals(told) | _intervals(answers, "answers."),
        settings={
            one.setting: str(one.second)
            for one in changed_settings(Settings(data=settings.data), settings)
        },
    )
    folder = settings.data / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{run.id}.new"
        fresh.write_text(run.model_dump_json(indent=1), encoding="utf-8")
        fresh.replace(folder / f"{run.id}.json")
        for path in sorted(folder.glob("*.json"))[:-MOST_KEPT]:
            path.unlink(missing_ok=True)
    except OSError as exc:
        raise DataDirectoryError(
            f"the run cannot be kept in {folder} ({exc.strerror or exc}); free some space"
        ) from exc
    return run


def list_runs(data: Path) -> list[EvaluationRun]:
    """Newest first. A file that somebody damaged is passed over."""
    runs: list[EvaluationRun] = []
    for path in sorted((data / FOLDER).glob("*.json"), reverse=True):
        try:
            runs.append(EvaluationRun.model_validate_json(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, ValidationError):
            continue
    return runs


def _figures(told: Mapping[str, Any], prefix: str = "") -> dict[str, float | None]:
    figures: dict[str, float | None] = {
        prefix + name: value
        for name, value in told.items()
        if name in told.get("intervals", {}) and (value is None or isinstance(value, float))
    }
    if latency := told.get("latency_ms"):
        figures |= {f"{prefix}latency_{name}_ms": value for name, value in latency.items()}
    return figures


def _intervals(told: Mapping[str, Any], prefix: str = "") -> dict[str, tuple[float, float]]:
    known = told.get("intervals", {})
    return {prefix + name: (pair[0], pair[1]) for name, pair in known.items() if pair}
