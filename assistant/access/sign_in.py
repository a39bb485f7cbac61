"""Signing in with a password and, where there is one, a second factor; every step is logged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from assistant.access.attempts import Attempts, Limit
from assistant.access.credentials import Credentials
from assistant.access.keys import SecretKey
from assistant.access.sessions import Sessions
from assistant.audit.content import Content
from assistant.audit.log import Audit

UNKNOWN_NAME = "(unknown)"
"""In the log, for a name that nobody has: it may be a password in the wrong field."""

PURPOSE = "second step"
SECOND_STEP_S = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """From where somebody signs in."""

    address: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`secret` is for the session's cookie."""

    secret: str


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The password was right. `pending` proves it, for five minutes."""

    pending: str


Refused = Literal["wrong", "expired"]
"""`wrong` says nothing else: not whether name, password, code, lock or account is the reason."""


class SignIn:
    """From any thread."""

    def __init__(
        self,
        credentials: Credentials,
        sessions: Sessions,
        attempts: Attempts,
        audit: Audit,
        key: SecretKey,
        clock: Callable[[], datetime],
    ) -> None:
        self._credentials = credentials
        self._sessions = sessions
        self._attempts = attempts
        self._audit = audit
        self._key = key
        self._clock = clock

    def with_password(
        self, name: str, password: str, origin: Origin
    ) -> SignedIn | CodeWanted | Refused:
        """Takes as long whatever the reason of a refusal is."""
        limits = (Limit.of_account(name), Limit.of_address(origin.address))
        attempt = self._attempts.begin(*limits)
        checked = self._credentials.check(name, password)
        who = checked.name if checked is not None else UNKNOWN_NAME
        if checked is None or not checked.right or not attempt.allowed:
            reason = "wrong" if attempt.allowed else "locked"
            self._refuse(who, origin, reason, locks=attempt.locks)
            return "wrong"
        self._attempts.succeeded(*limits)
        if checked.has_second_factor:
            content = {"user": checked.user_id, "name": checked.name, "stamp": checked.stamp}
            return CodeWanted(self._key.seal(PURPOSE, content, at=self._clock()))
        return self.begin(checked.user_id, checked.name, origin, method="password")

    def with_code(self, pending: str, code: str, origin: Origin) -> SignedIn | Refused:
        content = self._key.unseal(PURPOSE, pending, at=self._clock(), most_s=SECOND_STEP_S)
        if content is None or self._credentials.stamp(content["user"]) != content["stamp"]:
            return "expired"
        user_id, name = content["user"], content["name"]
        limits = (Limit.of_code(user_id), Limit.of_address(origin.address))
        attempt = self._attempts.begin(*limits)
        if not attempt.allowed:
            self._refuse(name, origin, "locked", locks=False)
            return "wrong"
        if not self._credentials.check_second_factor(user_id, code, self._key):
            self._refuse(name, origin, "wrong code", locks=attempt.locks)
            return "wrong"
        self._attempts.succeeded(*limits)
        return self.begin(user_id, name, origin, method="totp")

    def begin(self, user_id: str, name: str, origin: Origin, *, method: str) -> SignedIn:
        """A session for somebody who has shown who they are."""
        secret = self._sessions.begin(
            user_id, method=method, address=origin.address, agent=origin.agent
        )
        self.log(name, "sign_in", origin, method=method)
        return SignedIn(secret)

    def log(self, who: str, action: str, origin: Origin, **details: Any) -> None:
        address = Content(origin.address, bare=True)
        self._audit.record(who, action, {"address": address, **details})

    def _refuse(self, who: str, origin: Origin, reason: str, *, locks: bool) -> None:
        self.log(who, "sign_in.refused", origin, reason=reason)
        if locks:
            self.log(who, "sign_in.locked", origin)
