"""[safety] of the settings: what may be said to whom."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from assistant.safety.finding import Kind
from assistant.setting_section import Names, Section, split_names

Action = Literal["allow", "mask", "refuse"]
"""What is done with a finding: nothing, a pseudonym in its place, or the whole is refused."""


class PlaceRules(Section):
    """Of a collection or a kind of personal data; where one says nothing, the general one holds."""

    ingest: Action | None = None
    question: Action | None = None
    answer: Action | None = None
    remote: Action | None = None


class PersonalDataSettings(Section):
    """What happens to personal data, by the place where it passes."""

    kinds: Annotated[tuple[Kind, ...], BeforeValidator(split_names)] = Field(
        tuple(kind for kind in Kind if kind != Kind.SECRET), description="what is looked for"
    )
    ingest: Action = Field(
        "allow", description="in documents; allow: noted with the document, refuse: quarantine"
    )
    question: Action = Field("allow", description="in questions, before anything is done with them")
    answer: Action = Field(
        "allow", description="in answers, quotes, passages and summaries, but for `may_see`"
    )
    remote: Action = Field(
        "mask", description="in what a model elsewhere gets; put back in what it answers"
    )
    audit: Literal["allow", "mask"] = Field("mask", description="in the audit log's texts")
    may_see: Names = Field((), description="groups that are shown all as it is")
    by_kind: dict[Kind, PlaceRules] = Field(
        default_factory=dict, description="other rules for a kind"
    )
    collections: dict[str, PlaceRules] = Field(
        default_factory=dict, description="other rules for a collection, before those for a kind"
    )


class SecretSettings(Section):
    """What happens to passwords, keys and tokens. Nobody is shown a masked one."""

    ingest: Action = Field(
        "allow", description="in documents; allow: noted with the document, refuse: quarantine"
    )
    question: Action = Field("mask", description="in questions")
    answer: Action = Field("mask", description="in answers, quotes, passages and summaries")
    remote: Action = Field("mask", description="in what a model elsewhere gets")


class InjectionSettings(Section):
    exclude: bool = Field(
        False,
        description="passages that seem to order a model about are not found; else flagged",
    )


class ToxicitySettings(Section):
    answers: bool = Field(True, description="flag answers that insult, threaten or degrade")


class SafetySettings(Section):
    """What may be said to whom, and what is done with what the detectors find."""

    personal_data: PersonalDataSettings = PersonalDataSettings()
    secrets: SecretSettings = SecretSettings()
    injection: InjectionSettings = InjectionSettings()
    toxicity: ToxicitySettings = ToxicitySettings()
