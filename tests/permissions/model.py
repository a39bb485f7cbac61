"""Who may see what, as a person would write it down: nothing of this is shared with Philo."""

from __future__ import annotations

from dataclasses import dataclass, field

EVERYONE = "everyone"


@dataclass
class Person:
    """`number` tells people of one name apart: one may have come after another."""

    number: int
    editor: bool
    groups: set[str] = field(default_factory=set)
    disabled: bool = False


@dataclass
class Readers:
    groups: set[str]
    people: set[int]

    def hold(self, person: Person) -> bool:
        return bool(self.groups & (person.groups | {EVERYONE})) or person.number in self.people


@dataclass
class Paper:
    """`stated` None: nothing was said when it came in. `own`: somebody has shared it since.
    `coming` is the secret of the version in quarantine, `said` the
    keys that it was brought in with: the same again change nothing.
    `open`: all may read it, as nobody but the operator was known when it came in."""

    id: str
    uri: str
    collection: str
    secret: str
    published: bool
    held: bool
    stated: Readers | None
    owner: int | None
    open: bool
    own: Readers | None = None
    coming: str = ""
    said: frozenset[str] = frozenset({"?"})


@dataclass
class Model:
    people: dict[str, Person] = field(default_factory=dict)
    readers: dict[str, Readers] = field(default_factory=dict)
    papers: dict[str, Paper] = field(default_factory=dict)
    came: int = 0

    def is_open(self, collection: str) -> bool:
        return not self.people and collection not in self.readers

    def may(self, person: Person, paper: Paper) -> bool:
        """Whether it is shared with them, whatever its state."""
        if paper.own is not None:
            return paper.own.hold(person)
        if paper.stated is not None:
            return paper.stated.hold(person)
        if paper.open or paper.owner == person.number:
            return True
        said = self.readers.get(paper.collection)
        return said is not None and said.hold(person)

    def visible(self, person: Person) -> dict[str, Paper]:
        """Document id -> paper."""
        return {
            one.id: one for one in self.papers.values() if one.published and self.may(person, one)
        }
