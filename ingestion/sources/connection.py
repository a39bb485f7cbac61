"""HTTP to one service that the operator has named: patience, limits, and one kind of error."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.sources.download import write_file

TIMEOUT_S = 60.0
"""Between two pieces of an answer."""
WHOLE_ANSWER_S = 1800.0
ATTEMPTS = 5
LONGEST_WAIT_S = 120.0
"""A service that asks for more patience is tried again at the source's next run."""
MAX_BODY_BYTES = 64 * 2**20
PIECE_BYTES = 64 * 2**10
_TRY_AGAIN = frozenset({429, 502, 503, 504})


class Connection:
    """Requests to one origin with its credentials.

    What is asked too often or fails in passing is asked again, after the time that the service
    states. Redirects are errors, because credentials must not follow them.

    Raises (all methods):
        SourceItemGoneError: 404 or 410.
        SourceUnavailableError: all else; no credentials in its message.
    """

    def __init__(
        self,
        *,
        auth: httpx.Auth | tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        ca_file: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sleep = sleep
        self._http = httpx.Client(
            auth=auth,
            headers={"User-Agent": "Philo", **(headers or {})},
            verify=_trust(ca_file),
            timeout=TIMEOUT_S,
            trust_env=False,  # neither proxies nor ~/.netrc that nobody named here
        )

    def read(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        """A whole answer of at most 64 MiB; its `content` is there."""
        with self._answer(method, url, **arguments) as response:
            body = bytearray()
            for piece in _pieces(response):
                body += piece
                if len(body) > MAX_BODY_BYTES:
                    raise SourceUnavailableError(
                        f"{place(url)} answers with more than {MAX_BODY_BYTES // 2**20} MiB"
                    )
            return httpx.Response(
                response.status_code,
                headers={"Content-Type": response.headers.get("Content-Type", "")},
                content=bytes(body),
            )

    def read_json(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        post: object = None,
    ) -> dict[str, Any]:
        """A JSON object; `post` is sent as JSON instead of asking with GET."""
        arguments: dict[str, Any] = {} if post is None else {"json": post}
        if params:
            arguments["params"] = params
        answer = self.read("GET" if post is None else "POST", url, **arguments)
        try:
            tree = json.loads(answer.content)
        except (ValueError, RecursionError) as exc:
            raise SourceUnavailableError(
                f"{place(url)} answers with something else than JSON; is it the right address?"
            ) from exc
        if not isinstance(tree, dict):
            raise SourceUnavailableError(f"{place(url)} answers with JSON that is no object")
        return tree

    def download(
        self,
        url: str,
        folder: Path,
        name: str,
        *,
        limit_bytes: int,
        follow_redirects: bool = False,
    ) -> Path:
        """See `write_file`.

        Args:
            follow_redirects: the service hands out its files at another host; credentials stay
                behind when the origin changes.
        """
        with self._answer("GET", url, follow_redirects=follow_redirects) as response:
            return write_file(folder, name, _pieces(response), limit_bytes=limit_bytes)

    def close(self) -> None:
        self._http.close()

    @contextmanager
    def _answer(
        self, method: str, url: str, *, follow_redirects: bool = False, **arguments: Any
    ) -> Iterator[httpx.Response]:
        where = place(url)
        for attempt in range(1, ATTEMPTS + 1):
            wait_s = min(2.0 ** (attempt - 1), 8.0)
            try:
                request = self._http.build_request(method, url, **arguments)
                response = self._http.send(request, stream=True, follow_redirects=follow_redirects)
            except (httpx.TransportError, httpx.TooManyRedirects) as exc:
                if attempt == ATTEMPTS or not isinstance(exc, httpx.TransportError):
                    raise _unreachable(where, exc) from exc
                if isinstance(exc, httpx.ConnectError) and attempt > 1:
                    raise _unreachable(where, exc) from exc
                self._sleep(wait_s)
                continue
            except (httpx.InvalidURL, UnicodeError) as exc:
                raise SourceUnavailableError(f"{where} is no address ({exc})") from exc
            try:
                if response.status_code in _TRY_AGAIN and attempt < ATTEMPTS:
                    wait_s = _stated_wait_s(response.headers.get("Retry-After"), wait_s)
                    if wait_s <= LONGEST_WAIT_S:
                        response.close()
                        self._sleep(wait_s)
                        continue
                _raise_for_status(response, where)
                yield response
            except httpx.HTTPError as exc:  # while the body came
                raise SourceUnavailableError(f"{where} broke off ({_reason(exc)})") from exc
            finally:
                response.close()
            return


def place(url: str) -> str:
    """An address for messages: without what follows the ?, which may hold a signature."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    latest = time.monotonic() + WHOLE_ANSWER_S
    for piece in response.iter_bytes(PIECE_BYTES):
        if time.monotonic() > latest:
            raise httpx.ReadTimeout(f"not whole after {WHOLE_ANSWER_S:.0f} s")
        yield piece


def _raise_for_status(response: httpx.Response, where: str) -> None:
    status = response.status_code
    if response.is_success:
        return
    if status in {404, 410}:
        raise SourceItemGoneError(f"{where} does not exist there ({status})")
    if status == 401:
        reason = "refuses the credentials (401); correct them"
    elif status == 403:
        reason = "does not allow this (403); give the account the right to read it"
    elif response.is_redirect:
        target = place(str(response.url.join(response.headers.get("Location", ""))))
        reason = f"is elsewhere now ({status}); if you trust it, name {target}"
    elif status in _TRY_AGAIN:
        reason = f"is too busy ({status}); it is tried again at the next run"
    else:
        reason = f"answers {status}"
    raise SourceUnavailableError(f"{where} {reason}")


def _stated_wait_s(stated: str | None, otherwise_s: float) -> float:
    """Retry-After, as seconds or as a date (RFC 9110, section 10.2.3)."""
    if not stated:
        return otherwise_s
    if stated.strip().isdecimal():
        return float(stated)
    try:
        moment = parsedate_to_datetime(stated)
    except ValueError:
        return otherwise_s
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as exc:
        raise SourceUnavailableError(
            f"ca_file {ca_file} cannot be used ({exc}); name a file of certificates (PEM)"
        ) from exc


def _unreachable(where: str, exc: Exception) -> SourceUnavailableError:
    return SourceUnavailableError(f"{where} cannot be reached ({_reason(exc)})")


def _reason(exc: Exception) -> str:
    return str(exc)[:200] or type(exc).__name__
