"""HTTP to one server that is not ours: it gets the key and the request, and nothing besides.

Provider libraries send along what they know of the machine (system, Python, organisation) and
write requests to their logs. Here they get no key to begin with, and of their headers only
those that the protocol needs go out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2
from pydantic import SecretStr

from assistant.errors import GenerationError
from assistant.models.generators.remote_ticket import RemoteTicket, asked_for
from assistant.models.settings import RemoteSettings

MOST_RESPONSE_BYTES = 8 * 2**20
"""A longest answer in streamed pieces has about 1.5 MiB."""

SENT_HEADERS = frozenset({"host", "content-type", "content-length", "accept", "anthropic-version"})


def open_http(
    base_url: str, settings: RemoteSettings, *, key_headers: Mapping[str, SecretStr]
) -> httpx2.Client:
    """A client that reaches one host only: no redirects, no proxies from the environment.

    A response ends with GenerationError when its ticket's time is up or it exceeds
    MOST_RESPONSE_BYTES, and with a time-out of httpx2 when it is silent for too long.

    Args:
        key_headers: added to each request as the last thing before it leaves.
    """
    return httpx2.Client(
        base_url=base_url,
        transport=_GuardedTransport(httpx2.URL(base_url).host, settings, key_headers),
        follow_redirects=False,
        trust_env=False,
    )


class _GuardedTransport(httpx2.BaseTransport):
    def __init__(
        self, host: str, settings: RemoteSettings, key_headers: Mapping[str, SecretStr]
    ) -> None:
        self._host = host
        self._settings = settings
        self._key_headers = dict(key_headers)
        # A connection for each answer, so that a ticket can end its own.
        self._wire = httpx2.HTTPTransport(
            trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0)
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host != self._host:
            raise GenerationError(f"{request.url.host} was asked for instead of {self._host}")
        ticket = asked_for()
        kept = {name: value for name, value in request.headers.items() if name in SENT_HEADERS}
        kept |= {"user-agent": "philo", "accept-encoding": "identity"}
        kept |= {name: value.get_secret_value() for name, value in self._key_headers.items()}
        guarded = httpx2.Request(
            request.method,
            request.url,
            headers=kept,
            stream=request.stream,
            extensions={"timeout": self._timeout(ticket), "trace": _hold_connection(ticket)},
        )
        response = self._wire.handle_request(guarded)
        if response.headers.get("content-encoding", "identity") != "identity":
            response.close()
            raise GenerationError(
                f"{self._host} compresses its answer, which it was asked not to; correct the server"
            )
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_GuardedStream(response, self._host, ticket),
            extensions=response.extensions,
        )

    def _timeout(self, ticket: RemoteTicket) -> dict[str, float | None]:
        """Whatever the libraries would have: theirs are ten minutes or none."""
        left_s = max(ticket.left_s, 0.001)
        return httpx2.Timeout(
            min(self._settings.silence_timeout_s, left_s),
            connect=min(self._settings.connect_timeout_s, left_s),
        ).as_dict()

    def close(self) -> None:
        self._wire.close()


def _hold_connection(ticket: RemoteTicket) -> Callable[[str, Mapping[str, Any]], None]:
    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            ticket.hold(info["return_value"].get_extra_info("socket"))

    return trace


class _GuardedStream(httpx2.SyncByteStream):
    def __init__(self, response: httpx2.Response, host: str, ticket: RemoteTicket) -> None:
        self._response = response
        self._host = host
        self._ticket = ticket

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        for block in self._response.iter_raw():
            received += len(block)
            if received > MOST_RESPONSE_BYTES:
                raise GenerationError(
                    f"{self._host} answers with more than {MOST_RESPONSE_BYTES >> 20} MiB; see "
                    "that models.remote.base_url is right"
                )
            if self._ticket.left_s < 0:
                raise GenerationError(
                    f"{self._host} had not finished its answer in time; ask again, or raise "
                    "answer_timeout_s in [models.remote]"
                )
            yield block

    def close(self) -> None:
        self._ticket.release()
        self._response.close()
