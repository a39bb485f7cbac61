"""[summaries] of the settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.setting_section import Section


class SummarySettings(Section):
    """How documents are summarised."""

    writer: Literal["auto", "model", "quotes"] = Field(
        "auto",
        description="the generator, or the documents' own sentences; auto: the generator where "
        "it has a gigabyte or more",
    )
    max_sentences: int = Field(
        1500, ge=50, le=20_000, description="sentences of a document that are compared"
    )
    notes_bytes: int = Field(
        256 * 2**20,
        ge=0,
        description="kept of earlier summaries, so that the next form of one comes sooner",
    )
