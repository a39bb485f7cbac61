"""The audit log as others see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from assistant.types import PublicModel

OPERATOR_NAME = "(operator)"
"""Who commands on this machine; no user can have that name."""


class AuditEntry(PublicModel):
    """`details` holds what the action was about. A content is `{"hash", "text"}`; without `text`
    where the setting keeps it out or where it was erased. `who` is a pseudonym where the person
    was erased."""

    number: int
    at: str
    who: str
    action: str
    details: dict[str, Any]
    previous: str
    hash: str


class AuditFilter(PublicModel):
    """`who`: without case. `action`: this one and those that begin with it and a dot."""

    who: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Verification(PublicModel):
    """`problem` says what is wrong with the first row that does not fit, "" where all fit.
    `from_checkpoint`: rows up to that number were cut off by retention, and signed for.
    `redacted`: rows whose content was erased, for a reason that the log itself gives."""

    ok: bool
    entries: int
    problem: str = ""
    from_checkpoint: int = 0
    redacted: int = 0


class HoldKind(StrEnum):
    USER = "user"
    DOCUMENT = "document"
    PERIOD = "period"


class Hold(PublicModel):
    """Keeps what it covers from being erased. `since` and `until` are of a period."""

    id: str
    kind: HoldKind
    subject: str = ""
    since: str = ""
    until: str = ""
    reason: str
    placed_at: str
    placed_by: str
    released_at: str | None = None

    @property
    def label(self) -> str:
        what = f"{self.kind} {self.subject}" if self.subject else f"{self.since} to {self.until}"
        return f"{what} ({self.reason}; hold {self.id})"


class Pruned(PublicModel):
    """What retention did: `contents` were erased, `rows` cut off; `held` contents were old enough
    but are under legal hold."""

    contents: int = 0
    rows: int = 0
    held: int = 0


class AuditReader(Protocol):
    """The log as the operator's commands see it."""

    def export(self, *, after: int = 0, wanted: AuditFilter | None = None) -> Iterator[AuditEntry]:
        """In order, from the one behind number `after`. That it was read is logged."""

    def verify(self) -> Verification: ...

    def prune(self) -> Pruned:
        """Do now what the settings' retention says."""

    def holds(self) -> list[Hold]:
        """Newest first, released ones as well."""

    def add_hold(
        self, kind: HoldKind, *, subject: str = "", since: str = "", until: str = "", reason: str
    ) -> Hold: ...

    def release_hold(self, hold_id: str) -> Hold: ...
