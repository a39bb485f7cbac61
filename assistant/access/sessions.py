"""Sessions of browsers: kept on the server, so that they can be ended there."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from assistant.access.keys import SecretKey
from assistant.access.people import People
from assistant.access.settings import AccessSettings
from assistant.access.types import Principal, SessionInfo
from assistant.knowledge.database import Database
from assistant.knowledge.tables import SessionRow, UserRow

PURPOSE = "session"
_GRAINS = 20
"""The last use is kept to a twentieth of the idle time: not every request writes."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. `csrf` has to come with whatever changes something."""

    id: str
    user_id: str
    principal: Principal
    csrf: str


class Sessions:
    """From any thread."""

    def __init__(
        self,
        database: Database,
        people: People,
        settings: AccessSettings,
        key: SecretKey,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._people = people
        self._key = key
        self._clock = clock
        self._idle = timedelta(seconds=settings.session_idle_s)
        self._longest = timedelta(seconds=settings.session_max_s)

    def begin(self, user_id: str, *, method: str, address: str, agent: str) -> str:
        """The secret for the cookie; only its keyed hash is kept."""
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        with self._database.writing() as session:
            session.execute(
                delete(SessionRow).where(
                    (SessionRow.expires_at <= now) | (SessionRow.used_at <= now - self._idle)
                )
            )
            session.add(
                SessionRow(
                    id=secrets.token_hex(6),
                    sha256=self._key.sign(PURPOSE, secret),
                    user_id=user_id,
                    method=method,
                    address=address[:64],
                    agent=agent[:200],
                    created_at=now,
                    used_at=now,
                    expires_at=now + self._longest,
                )
            )
        return secret

    def find(self, secret: str) -> Session | None:
        """None: unknown, ended, too old, not used for too long, or of a disabled user."""
        if not secret or not secret.isascii():
            return None
        now = self._clock()
        query = (
            select(SessionRow)
            .join(UserRow, UserRow.id == SessionRow.user_id)
            .where(
                SessionRow.sha256 == self._key.sign(PURPOSE, secret), UserRow.disabled.is_(False)
            )
        )
        with self._database.reading() as session:
            row = session.scalar(query)
            if row is None or row.expires_at <= now or row.used_at <= now - self._idle:
                return None
            found, user_id, used = row.id, row.user_id, row.used_at
        if abs(now - used) > self._idle / _GRAINS:  # used while the clock was ahead: not for long
            with self._database.writing() as session:
                kept = session.get(SessionRow, found)
                if kept is None:  # ended at this very moment
                    return None
                kept.used_at = now
        principal = self._people.principal_of_session(user_id, found)
        if principal is None:
            return None
        return Session(
            id=found, user_id=user_id, principal=principal, csrf=self._key.sign("csrf", secret)
        )

    def end(self, session_id: str) -> None:
        with self._database.writing() as session:
            session.execute(delete(SessionRow).where(SessionRow.id == session_id))

    def end_all(self, user_id: str) -> int:
        """How many there were."""
        with self._database.writing() as session:
            ended = session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
            return int(getattr(ended, "rowcount", 0))

    def of_user(self, user_id: str) -> list[SessionInfo]:
        """Those that hold, last used first."""
        now = self._clock()
        query = select(SessionRow).where(
            SessionRow.user_id == user_id,
            SessionRow.expires_at > now,
            SessionRow.used_at > now - self._idle,
        )
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(SessionRow.used_at.desc())).all()
            return [
                SessionInfo(
                    id=row.id,
                    method=row.method,
                    address=row.address,
                    agent=row.agent,
                    created_at=row.created_at.isoformat(),
                    used_at=row.used_at.isoformat(),
                )
                for row in rows
            ]
