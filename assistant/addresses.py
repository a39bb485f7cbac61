"""Where another program may be reached, and how far away it is."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from urllib.parse import urlsplit


def check_address(url: str) -> str:
    """A server's address without its last slash.

    Raises:
        ValueError: it is no plain http(s) address, or would send the key and the passages
            unencrypted through a public network.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError(f"'{parts.scheme}://...' is no address; write https://host/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("write it without user, password, query and fragment; api_key is the key")
    if parts.scheme == "http" and not is_near(parts.hostname):
        raise ValueError(
            f"http would send your texts unencrypted to {parts.hostname}; write https "
            "(http is for this machine, private addresses and names without a dot)"
        )
    return url.rstrip("/")


def is_near(host: str) -> bool:
    """Whether a host is this machine, a private address, or a name that only a local network
    can resolve (one without a dot: `ollama`)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host and host[0].isalpha()  # a number is an address in disguise
    return address.is_private and not address.is_unspecified


def find_public_addresses(host: str) -> list[str]:
    """Those of a host's addresses that others than a private network may reach; none where its
    name cannot be resolved."""
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for *_, place in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            address = ipaddress.ip_address(str(place[0]).partition("%")[0])
            if address.is_unspecified or not address.is_private:
                found.add(str(address))
    return sorted(found)
