"""Users, groups and tokens over the API: for the operator only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from assistant.access.types import GroupInfo, NewToken, Role, TokenInfo, TokenScope, UserInfo
from assistant.api.operator import OperatorOnly
from assistant.assistant import Assistant

MOST_DAYS = 3650


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewUser(_Body):
    name: str = Field(max_length=100)
    role: Role = Role.READER
    groups: list[str] = []


class UserChange(_Body):
    role: Role | None = None
    join: list[str] = []
    leave: list[str] = []
    disabled: bool | None = None


class TokenRequest(_Body):
    user: str = Field(max_length=100)
    name: str = Field("", max_length=100)
    scope: TokenScope = TokenScope.READ
    days: int = Field(90, ge=1, le=MOST_DAYS)


def add_people(api: FastAPI, assistant: Assistant, operator_token: str) -> None:
    """
    Args:
        operator_token: who shows it may see and change people.
    """
    router = APIRouter(dependencies=[Depends(OperatorOnly(operator_token))])
    people = assistant.people

    @router.get("/users")
    def users() -> list[UserInfo]:
        """By name."""
        return people.users()

    @router.post("/users")
    def add_user(user: NewUser) -> UserInfo:
        return people.add_user(user.name, role=user.role, groups=user.groups)

    @router.patch("/users/{name}")
    def change_user(name: str, change: UserChange) -> UserInfo:
        """Holds from the next request on."""
        return people.change_user(
            name, role=change.role, join=change.join, leave=change.leave, disabled=change.disabled
        )

    @router.delete("/users/{name}", status_code=204)
    def remove_user(name: str) -> None:
        """With all tokens of theirs."""
        people.remove_user(name)

    @router.get("/groups")
    def groups() -> list[GroupInfo]:
        """By name."""
        return people.groups()

    @router.get("/tokens")
    def tokens(user: Annotated[str | None, Query(max_length=100)] = None) -> list[TokenInfo]:
        """Newest first."""
        return people.tokens(user)

    @router.post("/tokens")
    def create_token(wanted: TokenRequest) -> NewToken:
        """The secret is shown this once."""
        return people.create_token(
            wanted.user, name=wanted.name, scope=wanted.scope, days=wanted.days
        )

    @router.delete("/tokens/{token_id}", status_code=204)
    def revoke_token(token_id: str) -> None:
        people.revoke_token(token_id)

    api.include_router(router)
