"""What is done with personal data and secrets at each place, as the settings say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from assistant.safety.finding import Finding, Kind, without_overlaps
from assistant.safety.personal import find_personal
from assistant.safety.secrets import find_secrets
from assistant.safety.settings import Action, SafetySettings

SEVERITY: dict[Action, int] = {"allow": 0, "mask": 1, "refuse": 2}


class Place(StrEnum):
    """Where a text passes. The value is its name in the settings."""

    INGEST = "ingest"
    QUESTION = "question"
    ANSWER = "answer"
    REMOTE = "remote"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a finding, and the setting that says so."""

    finding: Finding
    action: Action
    rule: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was found in a text at a place, in order."""

    place: Place
    decisions: tuple[Decision, ...]

    @property
    def action(self) -> Action:
        """The strictest of all."""
        return max(
            (one.action for one in self.decisions), key=SEVERITY.__getitem__, default="allow"
        )

    def with_action(self, action: Action) -> list[Finding]:
        return [one.finding for one in self.decisions if one.action == action]

    def with_more(self, other: Verdict) -> Verdict:
        """Of this text and of another one at the same place."""
        return Verdict(self.place, self.decisions + other.decisions)

    def counts(self, action: Action | None = None) -> dict[str, int]:
        """Kind -> how many, of those with this action, or of all."""
        wanted = [one for one in self.decisions if action in (None, one.action)]
        return dict(sorted(Counter(one.finding.kind.value for one in wanted).items()))

    def reasons(self) -> list[str]:
        """The settings that decided on what is not simply allowed."""
        return sorted({one.rule for one in self.decisions if one.action != "allow"})

    def told(self) -> dict[str, Any]:
        """For the audit log: what was decided and why, without what was found."""
        return {
            "place": self.place,
            "action": self.action,
            "found": self.counts(),
            "rules": self.reasons(),
        }

    def in_words(self, action: Action) -> str:
        """ "2 e-mail, 1 iban" """
        return ", ".join(f"{count} {kind}" for kind, count in self.counts(action).items())


class Policy:
    """Pure: it looks at texts and keeps none."""

    def __init__(self, settings: SafetySettings) -> None:
        self._personal = settings.personal_data
        self._secrets = settings.secrets

    def examine(self, text: str, place: Place, collections: Collection[str] | None = ()) -> Verdict:
        """Find what is in a text and decide on each finding, whatever the decision is.

        Args:
            collections: where the text comes from or goes to: the strictest of their rules
                holds. Without any the general rule holds; None: it may be of every collection.
        """
        return self.decide(self.find(text), place, collections)

    def find(self, text: str) -> list[Finding]:
        """All of the kinds that are looked for, in order and apart."""
        personal = find_personal(text, kinds=self._personal.kinds)
        return without_overlaps([*personal, *find_secrets(text)])

    def screen(
        self,
        text: str,
        place: Place,
        collections: Collection[str] | None = (),
        *,
        personal: bool = True,
    ) -> Verdict:
        """The same, without looking for what would be allowed anyway.

        Args:
            personal: whether personal data matters; if not, secrets alone are looked for.
        """
        found: list[Finding] = []
        if personal and self.cares_for_personal(place, collections):
            found += find_personal(text, kinds=self._personal.kinds)
        if self._secret_rule(place)[0] != "allow":
            found += find_secrets(text)
        return self.decide(without_overlaps(found), place, collections)

    def cares(self, place: Place, collections: Collection[str] | None = ()) -> bool:
        """Whether anything could be masked or refused there."""
        return self.cares_for_personal(place, collections) or self._secret_rule(place)[0] != "allow"

    def cares_for_personal(self, place: Place, collections: Collection[str] | None = ()) -> bool:
        kinds = self._personal.kinds
        return any(self._personal_rule(kind, place, collections)[0] != "allow" for kind in kinds)

    def may_see(self, groups: Collection[str], *, everything: bool = False) -> bool:
        """Whether personal data is shown to a reader as it is."""
        return everything or not set(self._personal.may_see).isdisjoint(groups)

    @property
    def differs_by_collection(self) -> bool:
        return bool(self._personal.collections)

    @property
    def revision(self) -> str:
        """Of what is done at ingest: documents that were brought in under another are read
        again. Empty where nothing is changed or held."""
        rules = {
            kind.value: self._personal_rule(kind, Place.INGEST, ())[0]
            for kind in self._personal.kinds
        }
        rules[Kind.SECRET.value] = self._secret_rule(Place.INGEST)[0]
        parts = [f"{kind} {action}" for kind, action in rules.items() if action != "allow"]
        for name, own in sorted(self._personal.collections.items()):
            if own.ingest is not None:
                parts.append(f"collection {name} {own.ingest}")
        return ", ".join(parts)

    def decide(
        self, found: Sequence[Finding], place: Place, collections: Collection[str] | None = ()
    ) -> Verdict:
        """On what was found in a text, in its order."""
        decisions = []
        for one in found:
            if one.kind == Kind.SECRET:
                action, rule = self._secret_rule(place)
            else:
                action, rule = self._personal_rule(one.kind, place, collections)
            decisions.append(Decision(one, action, rule))
        return Verdict(place, tuple(decisions))

    def _secret_rule(self, place: Place) -> tuple[Action, str]:
        action: Action = "mask" if place == Place.AUDIT else getattr(self._secrets, place)
        return action, f'[safety.secrets] {place} = "{action}"'

    def _personal_rule(
        self, kind: Kind, place: Place, collections: Collection[str] | None
    ) -> tuple[Action, str]:
        settings = self._personal
        section = "safety.personal_data"
        if place == Place.AUDIT:
            return settings.audit, f'[{section}] audit = "{settings.audit}"'
        general: Action = getattr(settings, place)
        where = section
        by_kind: Action | None = getattr(settings.by_kind.get(kind), place, None)
        if by_kind is not None:
            general, where = by_kind, f"{section}.by_kind.{kind}"
        rules: list[tuple[Action, str]] = []
        named = settings.collections if collections is None else collections
        for name in named:
            own: Action | None = getattr(settings.collections.get(name), place, None)
            rules.append(
                (general, where) if own is None else (own, f"{section}.collections.{name}")
            )
        if collections is None or not rules:
            rules.append((general, where))
        action, where = max(rules, key=lambda rule: SEVERITY[rule[0]])
        return action, f'[{where}] {place} = "{action}"'
