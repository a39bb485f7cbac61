"""What a look at something found."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.errors import PhiloError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` says what to do, or what to know, where there is some."""

    name: str
    ok: bool
    finding: str
    advice: str = ""


def failed(name: str, exc: PhiloError) -> Check:
    """An error's message says what to do behind its last semicolon."""
    finding, _, advice = str(exc).rpartition("; ")
    return Check(name, False, finding or str(exc), advice if finding else "")
