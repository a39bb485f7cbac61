"""Failed attempts to sign in: counted in the database, answered with longer and longer pauses."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from assistant.knowledge.database import Database
from assistant.knowledge.tables import AttemptRow

FORGOTTEN = timedelta(days=1)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
FREE_OF_ACCOUNT = 5
FREE_OF_ADDRESS = 20
"""An office may share one address."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is counted: `key` is kept hashed. So many failures are `free`; the last of them locks
    for half a minute, each one after it for twice as long as the one before, an hour at most."""

    key: str
    free: int

    @classmethod
    def of_account(cls, name: str) -> Limit:
        return cls(f"account {name.strip().casefold()[:200]}", FREE_OF_ACCOUNT)

    @classmethod
    def of_code(cls, user_id: str) -> Limit:
        return cls(f"code {user_id}", FREE_OF_ACCOUNT)

    @classmethod
    def of_address(cls, address: str) -> Limit:
        """Of IPv6, the network: its holder has all addresses in it."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return cls(f"address {address}", FREE_OF_ADDRESS)
        if parsed.version == 6:
            network = ipaddress.ip_network((parsed, 64), strict=False)
            return cls(f"address {network}", FREE_OF_ADDRESS)
        return cls(f"address {parsed}", FREE_OF_ADDRESS)

    @property
    def row_key(self) -> str:
        return hashlib.sha256(self.key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Attempt:
    """`allowed`: whether it may succeed. `locks`: whether it locks, unless it does."""

    allowed: bool
    locks: bool


class Attempts:
    """From any thread."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def begin(self, *limits: Limit) -> Attempt:
        """Count an attempt as failed before it is made, so that many at once gain nothing. What is
        not allowed is not counted."""
        now = self._clock()
        with self._database.writing() as session:
            session.execute(delete(AttemptRow).where(AttemptRow.last_at < now - FORGOTTEN))
            rows = [(limit, session.get(AttemptRow, limit.row_key)) for limit in limits]
            if any(row and _is_locked(row, now) for _, row in rows):
                return Attempt(allowed=False, locks=False)
            locks = False
            for limit, row in rows:
                if row is None:
                    row = AttemptRow(key=limit.row_key, failures=0, last_at=now)
                    session.add(row)
                row.failures += 1
                row.last_at = now
                if row.failures >= limit.free:
                    row.locked_until = now + _pause(row.failures - limit.free)
                    locks = True
            return Attempt(allowed=True, locks=locks)

    def succeeded(self, *limits: Limit) -> None:
        """Take back what `begin` counted: all failures of an account, one of an address, as who
        has an account of their own could otherwise guess others' for ever."""
        with self._database.writing() as session:
            for limit in limits:
                row = session.get(AttemptRow, limit.row_key)
                if row is None:
                    continue
                if limit.free == FREE_OF_ADDRESS and row.failures > 1:
                    row.failures -= 1
                    row.locked_until = None
                else:
                    session.delete(row)

    def forget(self, *limits: Limit) -> None:
        """The operator has set a new password: there is nothing to wait for."""
        with self._database.writing() as session:
            keys = [limit.row_key for limit in limits]
            session.execute(delete(AttemptRow).where(AttemptRow.key.in_(keys)))


def _is_locked(row: AttemptRow, now: datetime) -> bool:
    """A pause longer than any was begun while the clock was ahead."""
    return row.locked_until is not None and now < row.locked_until <= now + LONGEST_PAUSE


def _pause(beyond: int) -> timedelta:
    return min(LONGEST_PAUSE, FIRST_PAUSE * int(2 ** min(beyond, 20)))
