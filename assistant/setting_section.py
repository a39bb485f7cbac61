"""What every section of the settings is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def split_words(value: object) -> object:
    """An environment variable holds several, with spaces or commas between them."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def split_names(value: object) -> object:
    """The same, but with commas only: a name may have spaces in it."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Words = Annotated[tuple[str, ...], BeforeValidator(split_words)]
Names = Annotated[tuple[str, ...], BeforeValidator(split_names)]
