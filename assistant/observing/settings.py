"""[observability] of the settings."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from assistant.setting_section import Section


def _check_collector(url: str) -> str:
    """
    Raises:
        ValueError: it is no address of a collector.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.port:
        raise ValueError(f"'{url}' is no address of a collector; write http://127.0.0.1:4317")
    if parts.username or parts.password or parts.query or parts.path not in ("", "/"):
        raise ValueError("write it without user, password, path and query")
    return url.rstrip("/")


class ObservabilitySettings(Section):
    """What is told of the service's work, and to whom. Never titles, questions or answers."""

    metrics: bool = Field(
        False, description="Prometheus metrics at /metrics, for programs of this machine"
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        max_length=200,
        description="lets programs of other machines read /metrics; then all have to show it",
    )
    traces: Annotated[str, AfterValidator(_check_collector)] | None = Field(
        None, description="OTLP collector (gRPC) that is sent traces; none by default"
    )
    traces_share: float = Field(
        1.0, ge=0.0, le=1.0, description="of questions and documents that are traced"
    )
    logs: Literal["text", "json"] = Field(
        "text", description="json: one object a line, with a line for each request"
    )
