"""Sentences written by hand: true and false ones, each beside its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HAND_WRITTEN = Path(__file__).parents[1] / "tests" / "data" / "grounding"


@dataclass
class Case:
    """`false` are pairs of the kind of change and the sentence."""

    document: str
    heading: str
    source: str = ""
    true: list[str] = field(default_factory=list)
    false: list[tuple[str, str]] = field(default_factory=list)


def load_cases(path: Path) -> list[Case]:
    """Read a file of tests/data/grounding.

    Raises:
        ValueError: a line is none of those that the file's head describes.
    """
    cases: list[Case] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        mark, _, rest = line.partition(" ")
        if not line or mark == "#":
            continue
        if mark == "=":
            document, _, heading = rest.partition(" | ")
            cases.append(Case(document, heading))
        elif mark == "S":
            cases[-1].source = rest
        elif mark == "+":
            cases[-1].true.append(rest)
        elif mark == "-":
            kind, _, text = rest.partition(": ")
            cases[-1].false.append((kind, text))
        else:
            raise ValueError(f"{path.name}:{number}: unknown line {line!r}")
    return cases
