"""The register of people as it is changed by hand: every change is in the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assistant.access.credentials import Credentials
from assistant.access.passwords import check_password
from assistant.access.people import People
from assistant.access.types import GroupInfo, NewToken, Role, TokenInfo, TokenScope, UserInfo
from assistant.audit import OPERATOR_NAME
from assistant.audit.content import Content
from assistant.audit.log import Audit


class AuditedPeople:
    """See `assistant.access.types.Register`."""

    def __init__(
        self, people: People, credentials: Credentials, audit: Audit, *, who: str = OPERATOR_NAME
    ) -> None:
        self._people = people
        self._credentials = credentials
        self._audit = audit
        self._who = who

    def by(self, who: str) -> AuditedPeople:
        """The same, changed by an administrator."""
        return AuditedPeople(self._people, self._credentials, self._audit, who=who)

    def users(self) -> list[UserInfo]:
        return self._people.users()

    def user(self, name: str) -> UserInfo:
        return self._people.user(name)

    def add_user(
        self,
        name: str,
        *,
        role: Role = Role.READER,
        groups: Iterable[str] = (),
        password: str | None = None,
    ) -> UserInfo:
        """
        Raises:
            PeopleError: no name, or one that somebody has; nobody was added.
            WeakPasswordError: nobody was added.
        """
        if password is not None:
            check_password(password, name=name, min_chars=self._credentials.min_chars)
        user = self._people.add_user(name, role=role, groups=groups)
        self._record("user.add", user.model_dump(mode="json"))
        if password is not None:
            self.set_password(user.name, password)
        return user

    def change_user(
        self,
        name: str,
        *,
        role: Role | None = None,
        join: Iterable[str] = (),
        leave: Iterable[str] = (),
        disabled: bool | None = None,
    ) -> UserInfo:
        user = self._people.change_user(name, role=role, join=join, leave=leave, disabled=disabled)
        self._record("user.change", user.model_dump(mode="json"))
        return user

    def remove_user(self, name: str) -> None:
        user = self._people.user(name)
        self._people.remove_user(name)
        self._record("user.remove", {"name": user.name})

    def set_password(self, name: str, password: str) -> None:
        user = self._people.user(name)
        self._credentials.set_password(user.name, password)
        self._record("password.reset", {"name": user.name})

    def drop_second_factor(self, name: str) -> None:
        user = self._people.user(name)
        self._credentials.drop_second_factor(user.name)
        self._record("totp.off", {"name": user.name})

    def groups(self) -> list[GroupInfo]:
        return self._people.groups()

    def tokens(self, user: str | None = None) -> list[TokenInfo]:
        return self._people.tokens(user)

    def create_token(
        self, user: str, *, name: str = "", scope: TokenScope = TokenScope.READ, days: int = 90
    ) -> NewToken:
        made = self._people.create_token(user, name=name, scope=scope, days=days)
        told = made.token.model_dump(mode="json", include={"id", "user", "scope", "expires_at"})
        self._record("token.create", told)
        return made

    def revoke_token(self, token_id: str) -> None:
        self._people.revoke_token(token_id)
        self._record("token.revoke", {"id": token_id})

    def _record(self, action: str, details: dict[str, Any]) -> None:
        told = {
            key: Content(value, bare=True) if key in ("name", "user") else value
            for key, value in details.items()
        }
        self._audit.record(self._who, action, told)
