"""[answering] of the settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.setting_section import Section


class AnsweringSettings(Section):
    evidence_threshold: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="refuse when the probability that the passages hold the answer is lower",
    )
    grounding: Literal["strict", "warn", "off"] = Field(
        "strict", description="unsupported sentences are removed, marked, or left as they are"
    )
    short_answers: bool = Field(
        False,
        description="answer a question for a fact with the reader's few words, where it is sure, "
        "instead of the sentence that holds them",
    )
    max_question_chars: int = Field(4000, ge=100, le=20_000)
    context_tokens: int = Field(
        600, ge=256, le=100_000, description="most tokens of passages put before the model"
    )
    cache_bytes: int = Field(
        32 * 2**20,
        ge=0,
        description="of answers kept in memory, for the same question under the same rights; "
        "0: none",
    )
