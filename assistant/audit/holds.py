"""Legal holds: what they cover is neither pruned nor erased until they are released."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from assistant.audit.content import Content
from assistant.audit.types import OPERATOR_NAME, AuditEntry, Hold, HoldKind
from assistant.errors import HoldError, LegalHoldError
from assistant.knowledge.tables import HoldRow

if TYPE_CHECKING:
    from assistant.audit.log import Audit


@dataclass(frozen=True, slots=True)
class Covered:
    """What the holds in force cover."""

    holds: tuple[Hold, ...]

    def of_user(self, name: str) -> Hold | None:
        key = name.strip().casefold()
        return self._first(lambda one: one.kind is HoldKind.USER and one.subject.casefold() == key)

    def of_documents(self, ids: Collection[str]) -> Hold | None:
        return self._first(lambda one: one.kind is HoldKind.DOCUMENT and one.subject in ids)

    def of_entry(self, entry: AuditEntry) -> Hold | None:
        """A row is covered by its moment, by who wrote it and by the documents that it is about."""
        for one in self.holds:
            if one.kind is HoldKind.PERIOD and one.since <= entry.at < one.until:
                return one
        return self.of_user(entry.who) or self.of_documents(documents_of(entry))

    def _first(self, covers: Callable[[Hold], bool]) -> Hold | None:
        return next((one for one in self.holds if covers(one)), None)


class Holds:
    """The holds in a database; each change is in the log."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def all(self) -> list[Hold]:
        """Newest first, released ones as well."""
        with self._audit.reading() as session:
            rows = session.scalars(select(HoldRow).order_by(HoldRow.placed_at.desc(), HoldRow.id))
            return [_hold(row) for row in rows]

    def in_force(self) -> Covered:
        return Covered(tuple(one for one in self.all() if one.released_at is None))

    def add(
        self,
        kind: HoldKind,
        *,
        subject: str = "",
        since: str = "",
        until: str = "",
        reason: str,
        who: str = OPERATOR_NAME,
    ) -> Hold:
        """
        Args:
            subject: a user's name or a document's id, not of a period.
            since, until: of a period, ISO 8601; `until` is not in it any more.
        Raises:
            HoldError: what it should cover is not stated.
        """
        if not reason.strip():
            raise HoldError("a hold needs a reason, such as the case's number")
        if kind is HoldKind.PERIOD:
            since, until = _moment(since), _moment(until)
            if since >= until:
                raise HoldError("a period ends after it begins")
            subject = ""
        elif not subject.strip():
            raise HoldError(f"say which {kind} is to be held")
        row = HoldRow(
            id=uuid.uuid4().hex[:12],
            kind=kind.value,
            subject=subject.strip()[:120],
            since=since,
            until=until,
            reason=reason.strip(),
            placed_at=datetime.now(UTC),
            placed_by=who,
        )
        with self._audit.writing() as writing:
            writing.session.add(row)
            hold = _hold(row)
            writing.append(who, "hold.add", _told(hold))
        return hold

    def release(self, hold_id: str, *, who: str = OPERATOR_NAME) -> Hold:
        """
        Raises:
            HoldError: there is none of that id in force.
        """
        with self._audit.writing() as writing:
            row = writing.session.get(HoldRow, hold_id)
            if row is None or row.released_at is not None:
                raise HoldError(
                    f"no hold {hold_id!r} is in force; list them: philo audit hold list"
                )
            row.released_at = datetime.now(UTC)
            hold = _hold(row)
            writing.append(who, "hold.release", _told(hold))
        return hold

    def require_free(
        self,
        *,
        documents: Collection[str] = (),
        user: str = "",
        entries: Iterable[AuditEntry] = (),
    ) -> None:
        """
        Args:
            entries: rows whose content is to be erased.
        Raises:
            LegalHoldError: a hold covers one of them; says which and how to release it.
        """
        covered = self.in_force()
        if not covered.holds:
            return
        hold = covered.of_documents(documents) or (covered.of_user(user) if user else None)
        hold = hold or next((one for one in map(covered.of_entry, entries) if one), None)
        if hold is not None:
            raise LegalHoldError(
                f"nothing was erased: it is under legal hold, {hold.label}; once that has ended: "
                f"philo audit hold release {hold.id}"
            )


def documents_of(entry: AuditEntry) -> set[str]:
    """Ids of the documents that a row is about."""
    details = entry.details
    named = {one["document"] for one in details.get("passages", ()) if "document" in one}
    named |= {details["document"]} if isinstance(details.get("document"), str) else set()
    listed = details.get("documents", ())
    return named | ({one for one in listed if one} if isinstance(listed, list) else set())


def _moment(text: str) -> str:
    from assistant.audit.log import to_moment

    try:
        when = datetime.fromisoformat(text)
    except ValueError as exc:
        raise HoldError(f"{text!r} is no date; write it as YYYY-MM-DD") from exc
    return to_moment(when if when.tzinfo else when.replace(tzinfo=UTC))


def _told(hold: Hold) -> dict[str, object]:
    told: dict[str, object] = {"hold": hold.id, "kind": hold.kind.value}
    if hold.kind is HoldKind.PERIOD:
        told |= {"since": hold.since, "until": hold.until}
    elif hold.kind is HoldKind.DOCUMENT:
        told["document"] = hold.subject
    else:
        told["user"] = Content(hold.subject, bare=True)
    return told | {"why": Content(hold.reason, bare=True)}


def _hold(row: HoldRow) -> Hold:
    return Hold(
        id=row.id,
        kind=HoldKind(row.kind),
        subject=row.subject,
        since=row.since,
        until=row.until,
        reason=row.reason,
        placed_at=row.placed_at.isoformat(),
        placed_by=row.placed_by,
        released_at=row.released_at.isoformat() if row.released_at else None,
    )
