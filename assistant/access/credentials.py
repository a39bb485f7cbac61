"""What users show at the sign-in: a password, and a second factor where they have one."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pyotp
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assistant.access.attempts import Attempts, Limit
from assistant.access.keys import SecretKey
from assistant.access.passwords import (
    check_password,
    hash_password,
    password_matches,
    wants_new_hash,
)
from assistant.access.people import People
from assistant.knowledge.database import Database
from assistant.knowledge.tables import CredentialRow, RecoveryCodeRow, SessionRow, UserRow

PURPOSE = "totp"
STEP_S = 30
RECOVERY_CODES = 10
_RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_RECOVERY_CHARS = 16


@dataclass(frozen=True, slots=True)
class Checked:
    """A user of that name. `right`: so is the password. `stamp` changes with the password."""

    user_id: str
    name: str
    right: bool
    has_second_factor: bool
    stamp: str


class Credentials:
    """From any thread."""

    def __init__(
        self,
        database: Database,
        people: People,
        *,
        min_chars: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._people = people
        self._clock = clock
        self.min_chars = min_chars

    def set_password(self, name: str, password: str) -> None:
        """See `Register.set_password`."""
        user_id = self._people.user_id(name)
        check_password(password, name=name, min_chars=self.min_chars)
        hashed = hash_password(password)
        with self._database.writing() as session:
            row = _credential(session, user_id)
            row.password_hash = hashed
            row.changed_at = self._clock()
            session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
        Attempts(self._database, self._clock).forget(Limit.of_account(name), Limit.of_code(user_id))

    def check(self, name: str, password: str) -> Checked | None:
        """As slow for a name that is unknown (None) or disabled as for one that is not."""
        query = select(UserRow.id, UserRow.name, UserRow.disabled).where(
            UserRow.key == name.strip().casefold()
        )
        with self._database.reading() as session:
            found = session.execute(query).one_or_none()
            row = session.get(CredentialRow, found.id) if found is not None else None
            hashed = row.password_hash if row is not None else None
            changed = row.changed_at if row is not None else None
            second = row is not None and row.totp_secret is not None
        right = password_matches(hashed, password)
        if found is None:
            return None
        if right and hashed and wants_new_hash(hashed):
            fresh = hash_password(password)
            with self._database.writing() as session:
                _credential(session, found.id).password_hash = fresh
        return Checked(
            user_id=found.id,
            name=found.name,
            right=right and not found.disabled,
            has_second_factor=second,
            stamp=changed.isoformat() if changed else "",
        )

    def stamp(self, user_id: str) -> str:
        with self._database.reading() as session:
            row = session.get(CredentialRow, user_id)
            return row.changed_at.isoformat() if row is not None and row.changed_at else ""

    def has_password(self, user_id: str) -> bool:
        with self._database.reading() as session:
            row = session.get(CredentialRow, user_id)
            return row is not None and row.password_hash is not None

    def has_second_factor(self, user_id: str) -> bool:
        with self._database.reading() as session:
            row = session.get(CredentialRow, user_id)
            return row is not None and row.totp_secret is not None

    def recovery_codes_left(self, user_id: str) -> int:
        query = select(func.count()).where(RecoveryCodeRow.user_id == user_id)
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def add_second_factor(
        self, user_id: str, secret: str, code: str, key: SecretKey
    ) -> list[str] | None:
        """The recovery codes, shown this once; None: `code` is not one of `secret`."""
        step = _step_of(secret, code, self._clock())
        if step is None:
            return None
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        with self._database.writing() as session:
            row = _credential(session, user_id)
            row.totp_secret = key.seal(PURPOSE, {"secret": secret}, at=self._clock())
            row.totp_step = step
            session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
            session.add_all(RecoveryCodeRow(sha256=_digest(one), user_id=user_id) for one in codes)
        return codes

    def check_second_factor(self, user_id: str, code: str, key: SecretKey) -> bool:
        """Each code is good once, whether of the application (RFC 6238) or for recovery."""
        now = self._clock()
        with self._database.writing() as session:
            row = session.get(CredentialRow, user_id)
            if row is None or row.totp_secret is None:
                return False
            opened = key.unseal(PURPOSE, row.totp_secret)
            if opened is not None:
                step = _step_of(opened["secret"], code, now)
                if step is not None and step > row.totp_step:
                    row.totp_step = step
                    return True
            kept = session.get(RecoveryCodeRow, _digest(code))
            if kept is None or kept.user_id != user_id:
                return False
            session.delete(kept)
            return True

    def drop_second_factor(self, name: str) -> None:
        """See `Register.drop_second_factor`."""
        user_id = self._people.user_id(name)
        with self._database.writing() as session:
            row = _credential(session, user_id)
            row.totp_secret = None
            session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))
        Attempts(self._database, self._clock).forget(Limit.of_code(user_id))


def _credential(session: Session, user_id: str) -> CredentialRow:
    row = session.get(CredentialRow, user_id)
    if row is None:
        row = CredentialRow(user_id=user_id, totp_step=0)
        session.add(row)
    return row


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of 30 seconds whose code it is, of this one and those before and after it."""
    typed = "".join(code.split())
    current = int(now.timestamp()) // STEP_S
    codes = pyotp.TOTP(secret, interval=STEP_S)
    for step in (current - 1, current, current + 1):
        if secrets.compare_digest(codes.generate_otp(step).encode(), typed.encode()):
            return step
    return None


def _recovery_code() -> str:
    """16 letters and digits of 31: 79 bits."""
    code = "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(_RECOVERY_CHARS))
    return "-".join(code[start : start + 4] for start in range(0, _RECOVERY_CHARS, 4))


def _digest(code: str) -> str:
    """Plain SHA-256: nobody guesses 79 random bits."""
    plain = "".join(char for char in code.casefold() if char.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
