"""Users, groups and tokens over the API: for the operator and for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from assistant.access.audited import AuditedPeople
from assistant.access.types import (
    GroupInfo,
    NewToken,
    Principal,
    Role,
    TokenInfo,
    TokenScope,
    UserInfo,
)
from assistant.api.administrator import administrators_only
from assistant.api.reader import Caller, name_of
from assistant.assistant import Assistant

MOST_DAYS = 3650


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewUser(_Body):
    name: str = Field(max_length=100)
    role: Role = Role.READER
    groups: list[str] = []
    password: str | None = Field(
        None, max_length=1000, description="the first one; nobody is added with a weak one"
    )


class UserChange(_Body):
    role: Role | None = None
    join: list[str] = []
    leave: list[str] = []
    disabled: bool | None = None


class NewPassword(_Body):
    password: str = Field(max_length=1000)


class TokenRequest(_Body):
    user: str = Field(max_length=100)
    name: str = Field("", max_length=100)
    scope: TokenScope = TokenScope.READ
    days: int = Field(90, ge=1, le=MOST_DAYS)


def add_people(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see and change people, as administrators may.
    """
    router = APIRouter(dependencies=[Depends(administrators_only(operator_token))])
    people = assistant.people

    def acting(principal: Principal | None) -> AuditedPeople:
        return people.by(name_of(principal))

    @router.get("/users")
    def users() -> list[UserInfo]:
        """By name."""
        return people.users()

    @router.post("/users")
    def add_user(user: NewUser, principal: Caller) -> UserInfo:
        return acting(principal).add_user(
            user.name, role=user.role, groups=user.groups, password=user.password
        )

    @router.patch("/users/{name}")
    def change_user(name: str, change: UserChange, principal: Caller) -> UserInfo:
        """Holds from the next request on; whoever is changed is signed out."""
        return acting(principal).change_user(
            name, role=change.role, join=change.join, leave=change.leave, disabled=change.disabled
        )

    @router.delete("/users/{name}", status_code=204)
    def remove_user(name: str, principal: Caller) -> None:
        """With all tokens of theirs."""
        acting(principal).remove_user(name)

    @router.put("/users/{name}/password", status_code=204)
    def set_password(name: str, wanted: NewPassword, principal: Caller) -> None:
        """They are signed out everywhere."""
        acting(principal).set_password(name, wanted.password)

    @router.delete("/users/{name}/totp", status_code=204)
    def drop_second_factor(name: str, principal: Caller) -> None:
        """The password is enough for them from now on."""
        acting(principal).drop_second_factor(name)

    @router.get("/groups")
    def groups() -> list[GroupInfo]:
        """By name."""
        return people.groups()

    @router.get("/tokens")
    def tokens(user: Annotated[str | None, Query(max_length=100)] = None) -> list[TokenInfo]:
        """Newest first."""
        return people.tokens(user)

    @router.post("/tokens")
    def create_token(wanted: TokenRequest, principal: Caller) -> NewToken:
        """The secret is shown this once."""
        return acting(principal).create_token(
            wanted.user, name=wanted.name, scope=wanted.scope, days=wanted.days
        )

    @router.delete("/tokens/{token_id}", status_code=204)
    def revoke_token(token_id: str, principal: Caller) -> None:
        acting(principal).revoke_token(token_id)

    api.include_router(router)
