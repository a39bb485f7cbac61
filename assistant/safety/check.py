"""What would happen to a text, finding by finding and place by place."""

from __future__ import annotations

from assistant.safety.finding import Kind
from assistant.safety.policy import Place, Policy
from assistant.safety.settings import Action
from assistant.types import PublicModel


class PlaceDecision(PublicModel):
    """`rule` is the setting that decides."""

    action: Action
    rule: str


class CheckedFinding(PublicModel):
    """`start` and `end` are characters of the text, `line` counts from 1. `rule` says by what it
    was found, `checksum` whether its check digits are right (None: it has none)."""

    kind: Kind
    text: str
    start: int
    end: int
    line: int
    rule: str
    checksum: bool | None
    decisions: dict[Place, PlaceDecision]


class SafetyCheck(PublicModel):
    """`outcome` is the strictest decision at each place."""

    collection: str
    characters: int
    findings: list[CheckedFinding]
    outcome: dict[Place, Action]


def check_text(text: str, policy: Policy, *, collection: str = "default") -> SafetyCheck:
    """As if the text were brought into the collection, asked of it, answered from it, or sent to a
    model elsewhere. Nothing is stored."""
    found = policy.find(text)
    places = [policy.decide(found, place, (collection,)) for place in Place]
    findings = []
    for decided in zip(*(verdict.decisions for verdict in places), strict=True):
        one = decided[0].finding
        findings.append(
            CheckedFinding(
                kind=one.kind,
                text=text[one.start : one.end],
                start=one.start,
                end=one.end,
                line=text.count("\n", 0, one.start) + 1,
                rule=one.rule,
                checksum=one.checksum or None,
                decisions={
                    place: PlaceDecision(action=decision.action, rule=decision.rule)
                    for place, decision in zip(Place, decided, strict=True)
                },
            )
        )
    return SafetyCheck(
        collection=collection,
        characters=len(text),
        findings=findings,
        outcome={verdict.place: verdict.action for verdict in places},
    )
