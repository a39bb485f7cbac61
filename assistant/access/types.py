"""People, groups and tokens as others see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from assistant.errors import AccessDeniedError
from assistant.types import EVERYONE, PublicModel, Readable


class Role(StrEnum):
    """What somebody may do. No role widens what they may read: that is for groups alone."""

    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"


class TokenScope(StrEnum):
    """What a token lets its bearer do: `write` includes `read`."""

    READ = "read"
    WRITE = "write"


class UserInfo(PublicModel):
    name: str
    role: Role
    groups: list[str]
    disabled: bool
    created_at: str


class GroupInfo(PublicModel):
    """A group is there while somebody is in it or a document is shared with it."""

    name: str
    users: int
    documents: int


class TokenInfo(PublicModel):
    """A token without its secret. `hint` is the end of it, to tell tokens apart."""

    id: str
    user: str
    name: str
    scope: TokenScope
    hint: str
    created_at: str
    expires_at: str
    last_used_at: str | None
    revoked: bool


class NewToken(PublicModel):
    """`secret` is shown this once; only its hash is kept."""

    secret: str
    token: TokenInfo


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks. `scope`: what they come with lets them do."""

    name: str
    role: Role
    groups: frozenset[str]
    scope: TokenScope

    def readable(self, collection: str | None = None) -> Readable:
        return Readable(groups=self.groups | {EVERYONE}, collection=collection)

    def share_with(self, groups: Sequence[str] | None) -> list[str]:
        """The groups of a document that they bring in: their own, unless they say otherwise.

        Raises:
            AccessDeniedError: one of `groups` is not theirs.
        """
        own = self.groups | {EVERYONE}
        if foreign := [group for group in groups or () if group not in own]:
            raise AccessDeniedError(
                f"{self.name} is not in {', '.join(map(repr, foreign))}; share with "
                f"{', '.join(sorted(own))}"
            )
        return list(groups) if groups else sorted(self.groups)

    @property
    def may_write(self) -> bool:
        return self.role is not Role.READER and self.scope is TokenScope.WRITE


class Register(Protocol):
    """Who there is. Names are compared without case.

    Raises (all that take a name): UnknownUserError.
    """

    def users(self) -> list[UserInfo]:
        """By name."""

    def user(self, name: str) -> UserInfo: ...

    def add_user(self, name: str, *, role: Role = Role.READER, groups: list[str]) -> UserInfo:
        """
        Raises:
            PeopleError: the name is taken, or it or a group cannot be a name.
        """

    def change_user(
        self,
        name: str,
        *,
        role: Role | None = None,
        join: list[str],
        leave: list[str],
        disabled: bool | None = None,
    ) -> UserInfo:
        """From the next request on. None: as it is.

        Raises:
            PeopleError: a group cannot be a name.
        """

    def remove_user(self, name: str) -> None:
        """With all tokens of theirs."""

    def groups(self) -> list[GroupInfo]:
        """By name, `everyone` included."""

    def tokens(self, user: str | None = None) -> list[TokenInfo]:
        """Newest first."""

    def create_token(self, user: str, *, name: str, scope: TokenScope, days: int) -> NewToken: ...

    def revoke_token(self, token_id: str) -> None:
        """
        Raises:
            UnknownTokenError: there is none of that id.
        """
