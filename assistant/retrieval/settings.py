"""[retrieval] of the settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.setting_section import Section


class RetrievalSettings(Section):
    candidates: int = Field(100, ge=10, le=1000, description="taken from each index")
    passages: int = Field(8, ge=1, le=50, description="kept for an answer")
    dense_weight: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="share of the dense score in the fused one, for a question whose two lists "
        "lie apart as usual",
    )
    reranked: int = Field(
        20, ge=1, le=200, description="best passages that a reranker reads, where there is one"
    )
    follow_ups: Literal["rules", "model"] = Field(
        "rules", description="what makes a follow-up stand alone; a model should be a large one"
    )
