"""Which addresses of the network a page of the web may have.

An address that a web page names may lead back into the own network (server-side request
forgery): to a router, a database, a cloud's metadata service. So names are resolved here, every
address that comes out is judged, and the connection is made to the judged address itself; a
second answer of the name service (DNS rebinding) is never asked for.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import httpcore

from assistant.errors import SettingsError, SourceRefusedError, SourceUnavailableError

Address = IPv4Address | IPv6Address
Resolver = Callable[[str], Sequence[str]]

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_IPV4_COMPATIBLE = IPv6Network("::/96")


def resolve_name(host: str) -> list[str]:
    """All addresses of a host, by the system's own resolver.

    Raises:
        SourceUnavailableError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise SourceUnavailableError(f"the host {host[:253]} is not known ({exc})") from exc
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressPolicy:
    """Public addresses, and those that the operator allows by host or by network."""

    def __init__(self, allowed: Iterable[str], resolve: Resolver = resolve_name) -> None:
        """Raises SettingsError: an entry is neither a network nor a host's name."""
        self._resolve = resolve
        self._hosts: set[str] = set()
        self._networks = []
        for entry in allowed:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError as exc:
                if "/" in entry or ":" in entry or not entry.strip():
                    raise SettingsError(
                        f"sources.web_allow holds {entry!r}; give hosts (wiki.example.org) and "
                        "networks (10.1.0.0/16)"
                    ) from exc
                self._hosts.add(entry.lower().rstrip("."))

    def addresses_of(self, host: str) -> list[str]:
        """The addresses to connect to.

        Raises:
            SourceUnavailableError: the host is unknown.
            SourceRefusedError: one of its addresses is not allowed.
        """
        found = self._resolve(host)
        for text in found:
            if not self.allows(host, text):
                raise SourceRefusedError(
                    f"{host} has the address {text}, which is not public; an intranet's hosts and "
                    "networks are allowed with sources.web_allow"
                )
        return [text.partition("%")[0] for text in found]

    def allows(self, host: str, text: str) -> bool:
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        if host.lower().rstrip(".") in self._hosts:
            return True
        inner = _unwrapped(address)
        return any(inner in network for network in self._networks) or _is_public(inner)


class CheckedNetwork(httpcore.NetworkBackend):
    """Connects httpcore to allowed addresses only; names are resolved here and nowhere else.

    `latest_s` is the moment (of `time.monotonic`) after which nothing is awaited any more,
    however steadily it trickles.
    """

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._network = httpcore.SyncBackend()
        self.latest_s = float("inf")

    def time_left(self, timeout: float | None) -> float:
        """Raises httpcore.ReadTimeout: there is none."""
        left_s = self.latest_s - time.monotonic()
        if left_s <= 0:
            raise httpcore.ReadTimeout
        return left_s if timeout is None else min(left_s, timeout)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in self._policy.addresses_of(host):
            try:
                stream = self._network.connect_tcp(
                    address, port, self.time_left(timeout), local_address, socket_options
                )
                return _TimedStream(stream, self.time_left)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def sleep(self, seconds: float) -> None:
        self._network.sleep(seconds)


class _TimedStream(httpcore.NetworkStream):
    """A connection that waits no longer than `time_left` says."""

    def __init__(
        self, stream: httpcore.NetworkStream, time_left: Callable[[float | None], float]
    ) -> None:
        self._stream = stream
        self._time_left = time_left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._time_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._time_left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._time_left(timeout))
        return _TimedStream(secured, self._time_left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address within an IPv6 one that only carries it."""
    if not isinstance(address, IPv6Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    carried = any(address in network for network in _NAT64)
    if carried or (address in _IPV4_COMPATIBLE and int(address) > 0xFFFF):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_link_local
        and not address.is_loopback
        and not address.is_unspecified
        and not (isinstance(address, IPv6Address) and address.is_site_local)
    )
