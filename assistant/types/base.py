"""What all other types stand on."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["fr", "en"]


class PublicModel(BaseModel):
    """Base of what leaves the process as JSON (command line, API)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
