"""What a remote provider's failures mean: whether they may pass, and what to do about them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from langchain_core import exceptions as chat

from assistant.errors import (
    ContextTooLongError,
    GenerationError,
    GeneratorBusyError,
    PhiloError,
    ProviderError,
)

MOST_SAID_CHARS = 300
BUSY_S = 5.0
"""When to ask a busy provider again that does not say when."""

_TOO_LONG = ("context length", "context_length", "maximum context", "too long", "too many tokens")


@dataclass(frozen=True, slots=True)
class Failure:
    """`error` is what people are told; `after_s` when the provider wants to be asked again."""

    error: PhiloError
    may_pass: bool = False
    after_s: float | None = None


def read_failure(exc: Exception, *, model: str, host: str, secret: str = "") -> Failure:
    """Translate what a LangChain chat model raised.

    Args:
        model: its name at the provider.
        host: where it was asked.
        secret: the key, which some servers repeat when they refuse it.
    """
    import httpx2  # comes with the providers' packages

    said = _said(exc, secret)
    root = _root(exc)
    if isinstance(root, PhiloError):  # of our own guard on the wire
        return Failure(root)
    match exc:
        case chat.ModelAuthenticationError() | chat.ModelPermissionDeniedError():
            error = f"{host} refuses the key; correct models.remote.api_key. It said: {said}"
            return Failure(ProviderError(error))
        case chat.ModelNotFoundError():
            return Failure(
                ProviderError(
                    f"{host} knows no model '{model}' or no such address; correct "
                    f"models.remote.model or models.remote.base_url. It said: {said}"
                )
            )
        case chat.ModelRateLimitError():
            after_s = _retry_after(exc)
            if _code(exc) == "insufficient_quota":
                return Failure(ProviderError(f"{host}: the account's quota is used up. {said}"))
            busy = GeneratorBusyError(
                f"{host} takes no more requests for now; try again later. It said: {said}",
                retry_after_s=BUSY_S if after_s is None else after_s,
            )
            return Failure(busy, may_pass=True, after_s=after_s)
        case chat.ContextOverflowError():
            return Failure(_too_long(model, said))
        case chat.ModelInvalidRequestError():
            if _code(exc) == "content_filter" or "content management policy" in said:
                return Failure(refused_by_filter(host))
            if any(sign in said.casefold() for sign in _TOO_LONG):
                return Failure(_too_long(model, said))
            return Failure(ProviderError(f"{host} does not accept the request: {said}"))
        case chat.ModelTimeoutError() | httpx2.TimeoutException():
            return Failure(
                GenerationError(
                    f"{host} did not answer in time; ask again, or raise silence_timeout_s in "
                    "[models.remote]"
                )
            )
        case chat.ModelConnectionError() | httpx2.TransportError():
            unreachable = f"{host} cannot be reached or broke off; see that it runs, and ask again"
            return Failure(GenerationError(f"{unreachable} ({type(root).__name__})"), may_pass=True)
        case chat.ModelAPIError():
            failed = GenerationError(f"{host} failed; ask again. It said: {said}")
            return Failure(failed, may_pass=True, after_s=_retry_after(exc))
    status = getattr(exc, "status_code", None)
    if isinstance(status, int) and 300 <= status < 400:
        return Failure(
            ProviderError(
                f"{host} sends requests to another address, which Philo does not follow; "
                "write the right one as models.remote.base_url"
            )
        )
    if isinstance(status, int):
        return Failure(ProviderError(f"{host} refuses the request (status {status}): {said}"))
    return Failure(
        GenerationError(
            f"what {host} answered is not what such a server answers ({type(root).__name__}); "
            "see that models.remote.base_url is right"
        )
    )


def refused_by_filter(host: str) -> ProviderError:
    return ProviderError(
        f"the content filter of {host} refused the question or the answer; word the question "
        "otherwise, or use a model of this machine"
    )


def _too_long(model: str, said: str) -> ContextTooLongError:
    return ContextTooLongError(
        f"the prompt does not fit into the context of '{model}'; set models.remote.context_tokens "
        f"to what it really has. The provider said: {said}"
    )


def _said(exc: Exception, secret: str) -> str:
    """The provider's own words, without the key, on one line and cut: they may be anything."""
    body: Any = getattr(exc, "body", None)
    if isinstance(body, dict):
        body = body.get("error", body)
        body = body.get("message", body) if isinstance(body, dict) else body
    text = str(body or getattr(exc, "message", "") or type(exc).__name__)
    if secret:
        text = text.replace(secret, "(the key)")
    line = " ".join("".join(char if char.isprintable() else " " for char in text[:4000]).split())
    return line if len(line) <= MOST_SAID_CHARS else f"{line[:MOST_SAID_CHARS]}..."


def _root(exc: BaseException) -> BaseException:
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return exc


def _code(exc: Exception) -> str:
    body: Any = getattr(exc, "body", None)
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    return str(body.get("code") or body.get("type") or "") if isinstance(body, dict) else ""


def _retry_after(exc: Exception) -> float | None:
    """Seconds, whether the header gives seconds or a date; None without a sensible one."""
    headers = getattr(getattr(exc, "response", None), "headers", None) or {}
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
