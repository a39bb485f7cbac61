"""The register of people of a running service, as the operator's commands see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from assistant.access.types import GroupInfo, NewToken, Role, TokenInfo, TokenScope, UserInfo


class RemotePeople:
    """See `assistant.access.types.Register`; `call` makes one request and gives its JSON."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def users(self) -> list[UserInfo]:
        return TypeAdapter(list[UserInfo]).validate_python(self._call("GET", "/users"))

    def user(self, name: str) -> UserInfo:
        change: dict[str, Any] = {}
        return UserInfo.model_validate(self._call("PATCH", _path(name), json=change))

    def add_user(self, name: str, *, role: Role = Role.READER, groups: list[str]) -> UserInfo:
        body = {"name": name, "role": role, "groups": groups}
        return UserInfo.model_validate(self._call("POST", "/users", json=body))

    def change_user(
        self,
        name: str,
        *,
        role: Role | None = None,
        join: list[str],
        leave: list[str],
        disabled: bool | None = None,
    ) -> UserInfo:
        body = {"role": role, "join": join, "leave": leave, "disabled": disabled}
        return UserInfo.model_validate(self._call("PATCH", _path(name), json=body))

    def remove_user(self, name: str) -> None:
        self._call("DELETE", _path(name))

    def set_password(self, name: str, password: str) -> None:
        self._call("PUT", f"{_path(name)}/password", json={"password": password})

    def drop_second_factor(self, name: str) -> None:
        self._call("DELETE", f"{_path(name)}/totp")

    def groups(self) -> list[GroupInfo]:
        return TypeAdapter(list[GroupInfo]).validate_python(self._call("GET", "/groups"))

    def tokens(self, user: str | None = None) -> list[TokenInfo]:
        parameters = {} if user is None else {"user": user}
        found = self._call("GET", "/tokens", params=parameters)
        return TypeAdapter(list[TokenInfo]).validate_python(found)

    def create_token(self, user: str, *, name: str, scope: TokenScope, days: int) -> NewToken:
        body = {"user": user, "name": name, "scope": scope, "days": days}
        return NewToken.model_validate(self._call("POST", "/tokens", json=body))

    def revoke_token(self, token_id: str) -> None:
        self._call("DELETE", f"/tokens/{quote(token_id, safe='')}")


def _path(name: str) -> str:
    return f"/users/{quote(name, safe='')}"
