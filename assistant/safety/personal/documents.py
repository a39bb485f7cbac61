"""Personal data and secrets in a document that is brought in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from assistant.safety.finding import Finding
from assistant.safety.personal.masking import mask
from assistant.safety.personal.pseudonyms import Pseudonyms
from assistant.safety.policy import SEVERITY, Place, Policy, Verdict
from assistant.safety.settings import Action
from assistant.types import Block, Line, ParsedDocument


@dataclass(frozen=True, slots=True)
class Screened:
    """A document as it may be kept. `findings`: kind -> how often. `doubt` is why it goes into
    quarantine. `told` is for the audit log: what was decided, and by which settings; None where
    nothing was found."""

    parsed: ParsedDocument
    findings: Mapping[str, int]
    doubt: str | None
    told: dict[str, Any] | None


def screen_document(
    parsed: ParsedDocument, collection: str, policy: Policy, pseudonyms: Pseudonyms
) -> Screened:
    """Look through title, author and blocks, and mask where the policy says so.

    A document that is refused is kept as it is, in quarantine, for somebody to look at.
    """
    # One text, so that a name that one block announces is found in the others.
    parts = [parsed.title, parsed.author, *(block.text for block in parsed.blocks)]
    whole = "\n".join(parts)
    verdict = policy.examine(whole, Place.INGEST, (collection,))
    if not verdict.decisions:
        return Screened(parsed, {}, None, None)
    doubt = _doubt(verdict) if verdict.action == "refuse" else None
    if verdict.action == "mask":
        parsed = _masked(parsed, parts, verdict, pseudonyms)
    return Screened(parsed, verdict.counts(), doubt, verdict.told())


def summarise_told(told: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Document address -> what was decided on it, as one entry of the audit log."""
    actions: Counter[Action] = Counter(one["action"] for one in told.values())
    ordered = sorted(actions, key=SEVERITY.__getitem__, reverse=True)
    return {
        "place": Place.INGEST,
        "actions": {a: actions[a] for a in ordered},
        "documents": dict(told),
    }


def _doubt(verdict: Verdict) -> str:
    return (
        f"it holds personal data or secrets ({verdict.in_words('refuse')}; "
        f"{', '.join(verdict.reasons())} in philo.toml)"
    )


def _masked(
    parsed: ParsedDocument, parts: list[str], verdict: Verdict, pseudonyms: Pseudonyms
) -> ParsedDocument:
    # What runs over the border of two blocks belongs to the first and to the second.
    found = verdict.with_action("mask")
    place = 0
    texts: list[str] = []
    shifts: list[list[tuple[int, int]]] = []
    for part in parts:
        end = place + len(part)
        own = [
            replace(one, start=max(one.start, place) - place, end=min(one.end, end) - place)
            for one in found
            if one.start < end and one.end > place
        ]
        text, _ = mask(part, own, pseudonyms, keep=True) if own else (part, {})
        texts.append(text)
        shifts.append(_shifts(part, own, pseudonyms))
        place = end + 1
    title, author, *rest = texts
    blocks = tuple(
        replace(block, text=text, lines=_moved(block, shift, len(text))) if shift else block
        for block, text, shift in zip(parsed.blocks, rest, shifts[2:], strict=True)
    )
    return replace(parsed, title=title, author=author, blocks=blocks)


def _shifts(part: str, own: list[Finding], pseudonyms: Pseudonyms) -> list[tuple[int, int]]:
    """(end of what was replaced, by how many characters all behind it moves)."""
    moved, shifts = 0, []
    for one in own:
        text, _ = mask(
            part[one.start : one.end], [replace(one, start=0, end=one.end - one.start)], pseudonyms
        )
        moved += len(text) - (one.end - one.start)
        shifts.append((one.end, moved))
    return shifts


def _moved(block: Block, shifts: list[tuple[int, int]], length: int) -> tuple[Line, ...]:
    lines: list[Line] = []
    for line in block.lines:
        behind = [moved for end, moved in shifts if end <= line.offset]
        offset = min(max(0, line.offset + (behind[-1] if behind else 0)), max(0, length - 1))
        if lines and offset <= lines[-1].offset:
            continue  # the line begins inside of what was replaced
        lines.append(replace(line, offset=offset))
    return tuple(lines)
