"""[evaluation] of the settings."""

from __future__ import annotations

from pydantic import Field

from assistant.setting_section import Section


class EvaluationSettings(Section):
    cache_bytes: int = Field(
        4 * 2**30,
        ge=0,
        description="for the indexed collections of question sets; the longest unused goes first",
    )
