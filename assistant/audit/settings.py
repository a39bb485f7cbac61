"""[audit] of the settings."""

from __future__ import annotations

from pydantic import Field

from assistant.setting_section import Section


class AuditSettings(Section):
    content: bool = Field(
        True, description="keep questions and answers in the audit log; else only their hashes"
    )
    keep_days: float | None = Field(
        None, ge=0, description="questions, answers and names in older entries are erased"
    )
    keep_rows_days: float | None = Field(
        None,
        ge=0,
        description="older entries are cut off, and a signed checkpoint takes their place",
    )
