"""People, groups and tokens as others see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from pydantic import Field

from assistant.access.share_keys import user_key
from assistant.errors import AccessDeniedError
from assistant.types import EVERYONE, INHERIT, Access, CollectionInfo, PublicModel, Readable


class Role(StrEnum):
    """What somebody may do. No role widens what they may read: that is for groups alone."""

    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"


class TokenScope(StrEnum):
    """What a token lets its bearer do: each includes the one before. `admin` is for what the role
    of an administrator allows, so that a program that brings documents in does not change people.
    """

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


SignInWay = Literal["password", "totp", "oidc"]
"""`totp` is asked for after a password."""


class UserInfo(PublicModel):
    """`sign_in`: ways in which they can."""

    name: str
    role: Role
    groups: list[str]
    disabled: bool
    created_at: str
    sign_in: list[SignInWay] = Field(default=[])


class SessionInfo(PublicModel):
    """A browser in which somebody is signed in."""

    id: str
    method: str
    address: str
    agent: str
    created_at: str
    used_at: str


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
    """Somebody who asks. `scope`: what they come with lets them do. `grants` are the keys that
    they hold besides their groups at this moment (`access.share_keys`), `token_id` or
    `session_id` name the token or session that they came with."""

    name: str
    role: Role
    groups: frozenset[str]
    scope: TokenScope
    user_id: str = ""
    token_id: str = ""
    session_id: str = ""
    grants: frozenset[str] = frozenset()

    def readable(self, collection: str | None = None) -> Readable:
        groups = self.groups | {EVERYONE}
        return Readable(groups=groups, collection=collection, grants=self.grants)

    def share_with(self, groups: Sequence[str] | None) -> list[str]:
        """The keys of a document that they bring in: unless they say otherwise, those of its
        collection, and their own.

        Raises:
            AccessDeniedError: one of `groups` is not theirs.
        """
        self.require_own(groups or ())
        return list(groups) if groups else [INHERIT, user_key(self.user_id)]

    def require_own(self, groups: Sequence[str], *, besides: Sequence[str] = ()) -> None:
        """
        Raises:
            AccessDeniedError: one of `groups` is neither theirs nor one of `besides`.
        """
        own = self.groups | {EVERYONE, *besides}
        if foreign := [group for group in groups if group not in own]:
            raise AccessDeniedError(
                f"{self.name} is not in {', '.join(map(repr, foreign))}; share with "
                f"{', '.join(sorted(own))}"
            )

    @property
    def may_write(self) -> bool:
        return self.role is not Role.READER and self.scope is not TokenScope.READ

    @property
    def may_administer(self) -> bool:
        return self.role is Role.ADMIN and self.scope is TokenScope.ADMIN

    @property
    def may_manage(self) -> bool:
        """Whether they may say who reads what, beyond what they may read themselves."""
        return self.role is Role.ADMIN and self.may_write


class SharingDesk(Protocol):
    """Who may read a document or a collection, from the next request on. What is shared
    otherwise with groups and users stays so until it is told to inherit again."""

    def document_access(self, document_id: str) -> Access:
        """
        Raises:
            DocumentNotFoundError: there is none that the caller may read.
        """

    def share_document(self, document_id: str, access: Access | None) -> Access:
        """Let these and nobody else read a document; None: as its source or its collection says.

        Raises:
            DocumentNotFoundError: as above.
            AccessDeniedError: a group is not the caller's to share with.
            UnknownUserError, PeopleError: a user or a group that is none.
        """

    def collections(self) -> list[CollectionInfo]:
        """By name, of those that the caller may know of."""

    def share_collection(self, name: str, access: Access) -> CollectionInfo:
        """Say who may read by default what is in a collection; a new one is made.

        Raises:
            AccessDeniedError: the caller manages no collections.
            UnknownUserError, PeopleError: a user, a group or a name that is none.
        """


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
        """From the next request on, and whoever is changed is signed out. None: as it is.

        Raises:
            PeopleError: a group cannot be a name.
            LastAdminError: nobody would be left to administer.
        """

    def remove_user(self, name: str) -> None:
        """With all tokens of theirs.

        Raises:
            LastAdminError: nobody would be left to administer.
        """

    def set_password(self, name: str, password: str) -> None:
        """They are signed out everywhere, and no failure of before counts.

        Raises:
            WeakPasswordError: see `check_password`.
        """

    def drop_second_factor(self, name: str) -> None:
        """The password is enough from now on."""

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
