"""What administrators see and do, over HTTP. Every function raises ServiceError."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal, TypedDict
from urllib.parse import quote

from ui.client import Service


class UsageDay(TypedDict):
    day: str
    questions: int
    answered: int
    refused: int
    people: int


class Latency(TypedDict):
    median_ms: float
    p95_ms: float


class UsedDocument(TypedDict):
    title: str
    answers: int


class OpenQuestion(TypedDict):
    question: str
    times: int
    last_asked_at: str


class Usage(TypedDict):
    days: list[UsageDay]
    refused_share: float | None
    latency: Latency | None
    documents: list[UsedDocument]
    unreadable_documents: int
    open_questions: list[OpenQuestion]
    untold_questions: int


class User(TypedDict):
    name: str
    role: Literal["reader", "editor", "admin"]
    groups: list[str]
    disabled: bool


class Group(TypedDict):
    name: str
    users: int
    documents: int


class Token(TypedDict):
    id: str
    user: str
    name: str
    scope: str
    hint: str
    expires_at: str
    revoked: bool


class NewToken(TypedDict):
    secret: str


class Model(TypedDict):
    id: str
    kind: str
    licence: str
    limit_tokens: int
    runs_on: str
    size_bytes: int
    source_kind: str
    status: str
    used: bool


class ModelList(TypedDict):
    answers: str
    models: list[Model]


class Setting(TypedDict):
    name: str
    description: str
    kind: Literal["truth", "number", "text", "choice", "list"]
    choices: list[str]
    may_be_empty: bool
    secret: bool
    default: Any
    value: Any
    origin: Literal["default", "file", "environment"]
    waits: bool


class EvaluationRun(TypedDict):
    id: str
    at: str
    dataset: str
    queries: int
    embedder: str
    generator: str
    figures: dict[str, float | None]
    intervals: dict[str, list[float]]
    settings: dict[str, str]


class Source(TypedDict):
    name: str
    kind: str
    schedule: str | None
    collection: str
    state: str
    completed_at: str | None
    next_run_at: str | None
    error: str | None


class AuditEntry(TypedDict):
    number: int
    at: str
    who: str
    action: str
    details: dict[str, Any]


class Verification(TypedDict):
    ok: bool
    entries: int
    problem: str


def read_usage(service: Service, days: int) -> Usage:
    return service.fetch("GET", "/usage", params={"days": days}).json()


def settle_question(service: Service, question: str) -> None:
    """Off the list, until it is refused again."""
    service.fetch("POST", "/usage/settled", json={"question": question})


def list_users(service: Service) -> list[User]:
    return service.fetch("GET", "/users").json()


def list_groups(service: Service) -> list[Group]:
    return service.fetch("GET", "/groups").json()


def add_user(
    service: Service, name: str, *, role: str, groups: Sequence[str], password: str
) -> None:
    """`password` is "" for who signs in by a provider."""
    body = {"name": name, "role": role, "groups": list(groups), "password": password or None}
    service.fetch("POST", "/users", json=body)


def change_user(
    service: Service,
    name: str,
    *,
    role: str,
    join: Sequence[str],
    leave: Sequence[str],
    disabled: bool,
) -> None:
    """They are signed out."""
    change = {"role": role, "join": list(join), "leave": list(leave), "disabled": disabled}
    service.fetch("PATCH", _user(name), json=change)


def set_password(service: Service, name: str, password: str) -> None:
    service.fetch("PUT", f"{_user(name)}/password", json={"password": password})


def remove_user(service: Service, name: str) -> None:
    service.fetch("DELETE", _user(name))


def list_tokens(service: Service) -> list[Token]:
    return service.fetch("GET", "/tokens").json()


def create_token(service: Service, user: str, *, name: str, scope: str, days: int) -> NewToken:
    body = {"user": user, "name": name, "scope": scope, "days": days}
    return service.fetch("POST", "/tokens", json=body).json()


def revoke_token(service: Service, token_id: str) -> None:
    service.fetch("DELETE", f"/tokens/{quote(token_id, safe='')}")


def list_sources(service: Service) -> list[Source]:
    return service.fetch("GET", "/sources").json()["sources"]


def sync_source(service: Service, name: str) -> Generator[tuple[str, Any], None, None]:
    """`("progress", {"done", "total", ...})`, then `("report", IngestReport)`."""
    yield from service.stream(f"/sources/{quote(name, safe='')}/sync", {})


def list_models(service: Service) -> ModelList:
    return service.fetch("GET", "/models").json()


def pull_model(service: Service, model_id: str) -> Generator[tuple[str, Any], None, None]:
    """`("progress", {"line", "done_bytes", "total_bytes"})`, then `("report", Model)`."""
    yield from service.stream(f"/models/{quote(model_id, safe='')}/pull", {})


def list_settings(service: Service) -> list[Setting]:
    return service.fetch("GET", "/settings").json()["settings"]


def change_settings(service: Service, changes: Mapping[str, Any]) -> list[Setting]:
    """All or none; None takes one back to its default."""
    return service.fetch("PATCH", "/settings", json={"changes": dict(changes)}).json()["settings"]


def list_evaluations(service: Service) -> list[EvaluationRun]:
    return service.fetch("GET", "/evaluations").json()["runs"]


def read_audit(service: Service, *, limit: int, who: str, action: str) -> list[AuditEntry]:
    """The newest that match, newest first."""
    parameters = {"newest": True, "limit": limit, "who": who, "action": action}
    return service.fetch("GET", "/audit", params=parameters).json()


def verify_audit(service: Service) -> Verification:
    return service.fetch("GET", "/audit/verification").json()


def _user(name: str) -> str:
    return f"/users/{quote(name, safe='')}"
