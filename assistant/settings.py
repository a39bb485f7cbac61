"""All settings, as one frozen tree.

Read once per entry point, from lowest to highest: the defaults below, `philo.toml` in the
data directory, environment variables (`PHILO_DATA`, `PHILO_RETRIEVAL__PASSAGES=8`, ...).
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import SettingsError

NO_GENERATOR = "none"
"""As a generator: no model writes, the documents' own sentences answer."""

ENVIRONMENT_PREFIX = "PHILO_"


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(Section):
    generator: str = Field(
        "smollm2-135m-instruct",
        description="catalogue id of the model that writes; none: quote the documents",
    )
    embedder: str = Field(
        "multilingual-e5-small",
        description="catalogue id, or the path of a sentence-transformers folder on disk",
    )
    directory: Path = Field(
        default_factory=lambda: (
            Path(platformdirs.user_cache_dir("philo", appauthor=False)) / "models"
        ),
        description="where models are kept; may be shared by several data directories",
    )
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=256, description="per model"
    )
    max_new_tokens: int = Field(160, ge=16, le=4096, description="longest answer")


class RetrievalSettings(Section):
    candidates: int = Field(100, ge=10, le=1000, description="taken from each index")
    passages: int = Field(8, ge=1, le=50, description="kept for an answer")
    dense_weight: float = Field(
        0.5, ge=0.0, le=1.0, description="share of the dense score in the fused one"
    )


class AnsweringSettings(Section):
    evidence_threshold: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="refuse when the probability that the passages hold the answer is lower",
    )
    grounding: Literal["strict", "warn"] = Field(
        "strict", description="unsupported sentences are removed, or marked"
    )
    max_question_chars: int = Field(4000, ge=100, le=20_000)
    context_tokens: int = Field(
        600, ge=256, le=100_000, description="most tokens of passages put before the model"
    )


class IngestSettings(Section):
    chunk_tokens: int = Field(220, ge=50, le=480, description="aim, in the embedder's tokens")
    workers: int = Field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1)), ge=1, le=64)
    max_file_bytes: int = Field(200 * 2**20, ge=1024, description="larger files are refused")
    max_pages: int = Field(3000, ge=1, description="longer documents are refused")
    parse_timeout_s: float = Field(60.0, gt=0, le=3600)
    parse_memory_bytes: int = Field(2**30, ge=256 * 2**20)


class Settings(Section):
    """The whole tree. `data` is absolute."""

    data: Path
    models: ModelSettings = ModelSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answering: AnsweringSettings = AnsweringSettings()
    ingest: IngestSettings = IngestSettings()


def load_settings(data: Path | None = None, environ: dict[str, str] | None = None) -> Settings:
    """Read the settings of a data directory.

    Args:
        data: the data directory; else PHILO_DATA, else the user's data folder.
        environ: instead of the process environment.
    Raises:
        SettingsError: a value or a name is wrong; says which, and where it was read.
    """
    variables = dict(os.environ) if environ is None else environ
    chosen = data or variables.get(f"{ENVIRONMENT_PREFIX}DATA")
    root = Path(chosen or platformdirs.user_data_dir("philo", appauthor=False))
    root = root.expanduser().resolve()
    tree: dict[str, Any] = {}
    path = root / "philo.toml"
    if path.is_file():
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as exc:
            raise SettingsError(f"{path} cannot be read: {exc}") from exc
    for name, value in variables.items():
        if name.startswith(ENVIRONMENT_PREFIX) and "__" in name:
            section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
            if not isinstance(tree.setdefault(section, {}), dict):
                raise SettingsError(f"{path}: [{section}] must be a section, not a value")
            tree[section][key] = value
    tree["data"] = root
    try:
        return Settings.model_validate(tree)
    except ValidationError as exc:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in exc.errors()
        )
        raise SettingsError(
            f"settings are wrong ({problems}); correct {path} or the PHILO_ variables"
        ) from exc
