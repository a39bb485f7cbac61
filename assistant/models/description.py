"""`model.json`: what the catalogue would say of a model that was imported."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import ModelDamagedError
from assistant.models.catalog import (
    GENERATOR_FILES,
    MODEL_ID,
    Device,
    ImportedSource,
    ModelEntry,
    Precision,
)
from assistant.models.manifests import DESCRIPTION

LARGEST_DESCRIPTION_BYTES = 2**20


class _Origin(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: str
    sha256: str


class Description(BaseModel):
    """An imported generator. `precision` is "as it came" where nothing was converted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    id: str = Field(pattern=f"^{MODEL_ID.pattern}$")
    title: str
    licence: str
    limit_tokens: int = Field(gt=0)
    size_bytes: int = Field(ge=0)
    prompt_format: str
    precision: Precision | Literal["as it came"]
    device: Device
    context_tokens: int | None = Field(default=None, gt=1)
    recipe: str
    recipe_version: int
    origin: _Origin

    def to_entry(self) -> ModelEntry:
        return ModelEntry(
            id=self.id,
            kind="generator",
            title=self.title,
            licence=self.licence,
            languages=(),
            source=ImportedSource(
                self.origin.folder,
                self.origin.sha256,
                self.precision,
                self.device,
                self.context_tokens,
            ),
            recipe=self.recipe,
            recipe_version=self.recipe_version,
            files=(*GENERATOR_FILES, DESCRIPTION),
            limit_tokens=self.limit_tokens,
            build_bytes=self.size_bytes,
            size_bytes=self.size_bytes,
            prompt_format=self.prompt_format,
            precision=self.precision,
            runs_on=self.device,
        )


def describe(entry: ModelEntry) -> Description:
    """The description that gives this entry back."""
    source = entry.source
    assert isinstance(source, ImportedSource)  # noqa: S101 - the others are in the catalogue
    return Description.model_validate(
        {
            "id": entry.id,
            "title": entry.title,
            "licence": entry.licence,
            "limit_tokens": entry.limit_tokens,
            "size_bytes": entry.size_bytes,
            "prompt_format": entry.prompt_format,
            "precision": source.precision,
            "device": source.device,
            "context_tokens": source.context_tokens,
            "recipe": entry.recipe,
            "recipe_version": entry.recipe_version,
            "origin": {"folder": source.origin, "sha256": source.sha256},
        }
    )


def write_description(folder: Path, entry: ModelEntry) -> None:
    text = describe(entry).model_dump_json(indent=2) + "\n"
    (folder / DESCRIPTION).write_text(text, encoding="utf-8")


def read_description(folder: Path, model_id: str) -> ModelEntry:
    """The entry of a folder's `model.json`.

    Raises:
        ModelDamagedError: it cannot be read, or is of another model.
    """
    path = folder / DESCRIPTION
    remedy = f"bring it again: philo models import FOLDER --id {model_id} --replace"
    try:
        if path.stat().st_size > LARGEST_DESCRIPTION_BYTES:
            raise ValueError(f"more than {LARGEST_DESCRIPTION_BYTES} bytes")
        entry = Description.model_validate_json(path.read_bytes()).to_entry()
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ModelDamagedError(f"{path} is wrong ({place}: {first['msg']}); {remedy}") from exc
    except (OSError, ValueError) as exc:
        raise ModelDamagedError(f"{path} cannot be read ({exc}); {remedy}") from exc
    if entry.id != model_id or entry.revision != folder.name:
        raise ModelDamagedError(
            f"{path} is of '{entry.id}' revision {entry.revision}, expected '{model_id}' revision "
            f"{folder.name}; {remedy}"
        )
    return entry
