"""[access] of the settings: who has to sign in, and how."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from assistant.access.types import Role
from assistant.addresses import is_near
from assistant.setting_section import Section, Words, split_words


def _check_public(url: str) -> str:
    """Without its last slash.

    Raises:
        ValueError: passwords would go through a public network unencrypted, or it is no address.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError(f"'{url}' is no address; write https://host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("write it without user, password, query and fragment")
    if parts.scheme == "http" and not is_near(parts.hostname):
        raise ValueError(
            f"http would send passwords unencrypted to {parts.hostname}; write https "
            "(http is for this machine, private addresses and names without a dot)"
        )
    return url.rstrip("/")


def _check_base(url: str) -> str:
    checked = _check_public(url)
    if urlsplit(checked).path:
        raise ValueError(f"'{url}' has a path; Philo needs a host name of its own")
    return checked.lower()


def _check_network(address: str) -> str:
    ipaddress.ip_network(address, strict=False)
    return address


class OidcSettings(Section):
    """A provider of OpenID Connect. Philo talks to it when somebody signs in, and only then."""

    issuer: Annotated[str, AfterValidator(_check_public)] = Field(
        description="as the provider states it; its addresses are read from there"
    )
    client_id: str = Field(min_length=1, max_length=500)
    client_secret: SecretStr | None = Field(None, description="none for a public client")
    label: str = Field("single sign-on", min_length=1, max_length=100, description="on the button")
    scopes: Words = ("openid", "profile", "email")
    name_claim: str = Field("preferred_username", description="what a new user is called")
    groups_claim: str | None = Field(
        None, description="claim that lists groups, set anew at each sign-in; none: left alone"
    )
    groups: dict[str, str] = Field(
        default_factory=dict,
        description="the provider's group to the one here; others do not count. "
        "Empty: all of them, as they are called there",
    )
    role_claim: str | None = Field(None, description="claim that decides on the role")
    roles: dict[str, Role] = Field(
        default_factory=dict, description="its values to roles; of several the highest counts"
    )
    default_role: Role = Field(Role.READER, description="where no value of the claim gives one")
    clock_skew_s: int = Field(60, ge=0, le=600)
    timeout_s: float = Field(10.0, gt=0, le=120)


class AccessSettings(Section):
    login: Literal["auto", "required", "off"] = Field(
        "auto", description="auto: required wherever others than this machine can reach Philo"
    )
    base_url: Annotated[str, AfterValidator(_check_base)] | None = Field(
        None, description="the address under which people reach Philo, behind a proxy or directly"
    )
    secret_key: SecretStr | None = Field(
        None, description="32 random bytes in hex or base64; better in the environment or a file"
    )
    secret_key_file: Path | None = Field(None, description="a file that holds it instead")
    trusted_proxies: Annotated[
        tuple[Annotated[str, AfterValidator(_check_network)], ...], BeforeValidator(split_words)
    ] = Field(
        ("127.0.0.1",), description="whose word on a caller's address (X-Forwarded-For) counts"
    )
    internal_hosts: Words = Field(
        (),
        description="host:port under which Philo's own page reaches the API on a private network",
    )
    session_idle_s: int = Field(
        2 * 3600, ge=60, le=30 * 86_400, description="a session ends when it was not used so long"
    )
    session_max_s: int = Field(
        12 * 3600, ge=300, le=365 * 86_400, description="and so long after its sign-in in any case"
    )
    min_password_chars: int = Field(15, ge=8, le=64)
    oidc: OidcSettings | None = None
