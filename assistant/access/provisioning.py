"""People whom a provider of OpenID Connect has made known: made at their first sign-in, and
changed at each one as its claims say."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from assistant.access.names import is_group_name
from assistant.access.people import People
from assistant.access.settings import OidcSettings
from assistant.access.types import Role, UserInfo
from assistant.audit.content import Content
from assistant.audit.log import Audit
from assistant.errors import LastAdminError, PeopleError, SignInError
from assistant.knowledge.database import Database
from assistant.knowledge.tables import IdentityRow, UserRow
from assistant.types import EVERYONE

PROVIDER_NAME = "(provider)"
"""In the log: who makes and changes people at a sign-in."""

_RANKS = (Role.ADMIN, Role.EDITOR, Role.READER)


class Provisioning:
    """From any thread."""

    def __init__(
        self,
        database: Database,
        people: People,
        audit: Audit,
        settings: OidcSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._people = people
        self._audit = audit
        self._settings = settings
        self._clock = clock

    def admit(self, claims: dict[str, Any]) -> tuple[str, str]:
        """Id and name of the user who has these claims.

        A user is known by issuer and subject alone: names can be given to somebody else.

        Raises:
            SignInError: the user is disabled, or the name belongs to another one.
        """
        subject = str(claims["sub"])
        groups, role = self._groups(claims), self._role(claims)
        known = self._find(subject)
        if known is None:
            user_id, name = self._add(subject, claims, groups or [], role)
        else:
            user_id, name, disabled = known
            if disabled:
                raise SignInError(f"{name} is disabled")
            self._update(name, groups, role)
        with self._database.writing() as session:
            row = session.get(IdentityRow, (self._settings.issuer, subject))
            if row is not None:
                row.seen_at = self._clock()
        return user_id, name

    def _find(self, subject: str) -> tuple[str, str, bool] | None:
        query = (
            select(UserRow.id, UserRow.name, UserRow.disabled)
            .join(IdentityRow, IdentityRow.user_id == UserRow.id)
            .where(IdentityRow.issuer == self._settings.issuer, IdentityRow.subject == subject)
        )
        with self._database.reading() as session:
            found = session.execute(query).one_or_none()
            return None if found is None else (found.id, found.name, found.disabled)

    def _add(
        self, subject: str, claims: dict[str, Any], groups: list[str], role: Role
    ) -> tuple[str, str]:
        name = _user_name(claims, self._settings.name_claim)
        try:
            user = self._people.add_user(
                name, role=role, groups=groups, identity=(self._settings.issuer, subject)
            )
        except PeopleError as exc:
            raise SignInError(f"a user cannot be made of {name!r}: {exc}") from exc
        self._log("user.add", user)
        return self._people.user_id(user.name), user.name

    def _update(self, name: str, groups: list[str] | None, role: Role) -> None:
        before = self._people.user(name)
        join = sorted({*groups} - {*before.groups}) if groups is not None else []
        leave = sorted({*before.groups} - {*groups}) if groups is not None else []
        new_role = role if self._settings.role_claim is not None else before.role
        if not join and not leave and new_role == before.role:
            return
        try:
            after = self._people.change_user(name, role=new_role, join=join, leave=leave)
        except LastAdminError:
            after = self._people.change_user(name, join=join, leave=leave)
        self._log("user.change", after)

    def _groups(self, claims: dict[str, Any]) -> list[str] | None:
        """None: they are left alone. A claim that is missing means that there are none."""
        if self._settings.groups_claim is None:
            return None
        told = _texts(_at(claims, self._settings.groups_claim))
        if self._settings.groups:
            told = [self._settings.groups[one] for one in told if one in self._settings.groups]
        return sorted({one.strip() for one in told if is_group_name(one)} - {EVERYONE})

    def _role(self, claims: dict[str, Any]) -> Role:
        if self._settings.role_claim is None:
            return self._settings.default_role
        told = _texts(_at(claims, self._settings.role_claim))
        given = {self._settings.roles[one] for one in told if one in self._settings.roles}
        return next((role for role in _RANKS if role in given), self._settings.default_role)

    def _log(self, action: str, user: UserInfo) -> None:
        told = user.model_dump(mode="json") | {"issuer": self._settings.issuer}
        told["name"] = Content(user.name, bare=True)
        self._audit.record(PROVIDER_NAME, action, told)


def _at(claims: dict[str, Any], path: str) -> Any:
    """A claim by its name, or one in another by a path with dots: `realm_access.roles`."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _texts(value: Any) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, str)]


def _user_name(claims: dict[str, Any], claim: str) -> str:
    """As Philo's names are: letters, digits and . _ - + @."""
    stated = _at(claims, claim)
    for told in (stated, claims.get("email"), claims["sub"]):
        plain = unicodedata.normalize("NFC", told).strip() if isinstance(told, str) else ""
        name = re.sub(r"[^\w.@+-]+", ".", plain)[:100].strip("._-+@")
        if name:
            return name
    raise SignInError("the claims name nobody")
