"""Errors in OpenAI's form, for the routes whose callers expect it."""

from __future__ import annotations

from fastapi import Request

from assistant.api.openai_types import OpenAIErrorBody, OpenAIErrorResponse
from assistant.api.schemas import ErrorResponse
from assistant.errors import ChatRequestError, ContextTooLongError

PREFIX = "/v1"

_FORMS: dict[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", "invalid_value"),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "permission_denied"),
    404: ("invalid_request_error", "unknown_url"),
    405: ("invalid_request_error", "method_not_allowed"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    503: ("server_error", "service_unavailable"),
}
"""Status -> type and code."""


def speaks_openai(request: Request) -> bool:
    """Whether whoever calls expects errors in OpenAI's form."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return path.startswith(f"{PREFIX}/")


def openai_status(status: int) -> int:
    """OpenAI answers 400 to what others answer 422 to."""
    return 400 if status == 422 else status


def in_openai_form(
    status: int, body: ErrorResponse, exc: Exception, *, param: str | None = None
) -> OpenAIErrorResponse:
    """
    Args:
        status: as `openai_status` has it.
        param: the field at fault, where `exc` does not say so itself.
    """
    kind, code = _FORMS.get(status, ("server_error", None))
    if isinstance(exc, ChatRequestError):
        param, code = exc.param, exc.code
    elif isinstance(exc, ContextTooLongError):
        param, code = "messages", "context_length_exceeded"
    told = OpenAIErrorBody(message=body.error.message, type=kind, param=param, code=code)
    return OpenAIErrorResponse(error=told)
