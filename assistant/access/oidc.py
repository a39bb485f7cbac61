"""OpenID Connect: the code flow with PKCE (RFC 7636), state and nonce, and a checked ID token.

Philo speaks to the stated issuer, and to the addresses that its discovery document names, when
somebody signs in; it follows no redirects. What goes there is what the protocol asks for, and
nothing of documents or questions.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from assistant.access.settings import OidcSettings
from assistant.addresses import is_near
from assistant.errors import SignInError

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Those with a public key: no `none`, and nothing that a client secret could sign."""

METADATA_S = 3600.0
KEYS_S = 60.0
"""A key that is not known is looked for again after so long, not at each token."""

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One way to the provider and back; kept by the browser that goes it, sealed."""

    state: str
    nonce: str
    verifier: str


@dataclass(slots=True)
class _Provider:
    metadata: dict[str, Any]
    read_at: float
    keys: KeySet
    keys_at: float


class OpenIdProvider:
    """From any thread.

    Args:
        redirect_uri: where the provider sends people back; it has to be registered there.
    """

    def __init__(self, settings: OidcSettings, *, redirect_uri: str) -> None:
        self.settings = settings
        self._redirect_uri = redirect_uri
        self._known: _Provider | None = None
        self._reading = threading.Lock()

    def begin(self) -> tuple[str, Transaction]:
        """The provider's address to send the browser to.

        Raises:
            SignInError: the provider cannot be reached or understood.
        """
        transaction = Transaction(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
        )
        with self._client() as client:
            endpoint = self._provider(client).metadata["authorization_endpoint"]
            address, _ = client.create_authorization_url(
                endpoint,
                state=transaction.state,
                nonce=transaction.nonce,
                code_verifier=transaction.verifier,
            )
        return str(address), transaction

    def finish(
        self, transaction: Transaction, *, state: str, code: str, issuer: str | None = None
    ) -> dict[str, Any]:
        """The claims of whoever came back: those of the ID token, and of the userinfo endpoint
        where the ID token lacks one that is needed.

        Args:
            issuer: the parameter `iss` of the answer (RFC 9207), where there is one.
        Raises:
            SignInError: what came back is not the answer to this transaction, the code is not
                good (any more), or the ID token is not: signature, issuer, audience, expiry, nonce.
        """
        if not hmac.compare_digest(state.encode(), transaction.state.encode()):
            raise SignInError("the answer has another state")
        with self._client() as client:
            provider = self._provider(client)
            stated = provider.metadata.get("authorization_response_iss_parameter_supported")
            if (issuer or stated) and issuer != provider.metadata["issuer"]:
                raise SignInError(f"the answer comes from the issuer {issuer!r}")
            token = self._fetch_token(client, provider, code, transaction)
            claims = self._read_id_token(client, provider, token, transaction)
            return self._with_userinfo(client, provider, token, claims)

    def _client(self) -> OAuth2Client:
        own = self.settings
        secret = own.client_secret.get_secret_value() if own.client_secret else None
        return OAuth2Client(
            own.client_id,
            secret,
            scope=" ".join(own.scopes),
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method=self._auth_method(),
            timeout=own.timeout_s,
            follow_redirects=False,
            trust_env=not is_near(urlsplit(own.issuer).hostname or ""),
        )

    def _auth_method(self) -> str:
        if self.settings.client_secret is None:
            return "none"
        known = self._known.metadata if self._known is not None else {}
        offered = known.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"

    def _provider(self, client: OAuth2Client) -> _Provider:
        with self._reading:
            known = self._known
            if known is None or time.monotonic() - known.read_at > METADATA_S:
                address = f"{self.settings.issuer}/.well-known/openid-configuration"
                metadata = _get_json(client, address)
                self._check(metadata)
                now = time.monotonic()
                keys = _read_keys(client, metadata["jwks_uri"])
                known = self._known = _Provider(metadata, now, keys, now)
                client.token_endpoint_auth_method = self._auth_method()
            return known

    def _check(self, metadata: dict[str, Any]) -> None:
        stated = metadata.get("issuer")
        if not isinstance(stated, str) or stated.rstrip("/") != self.settings.issuer:
            raise SignInError(f"{self.settings.issuer} states another issuer: {stated!r}")
        near = is_near(urlsplit(self.settings.issuer).hostname or "")
        optional = [name for name in ("userinfo_endpoint",) if name in metadata]
        for name in (*_ENDPOINTS, *optional):
            parts = urlsplit(str(metadata.get(name, "")))
            encrypted = parts.scheme == "https" or (parts.scheme == "http" and near)
            if not encrypted or not parts.hostname:
                raise SignInError(f"{self.settings.issuer} has no usable {name}")

    def _fetch_token(
        self, client: OAuth2Client, provider: _Provider, code: str, transaction: Transaction
    ) -> dict[str, Any]:
        try:
            token: dict[str, Any] = client.fetch_token(
                provider.metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=transaction.verifier,
            )
        except OAuth2Error as exc:
            raise SignInError(f"the provider refuses the code ({exc.error})") from exc
        except (httpx2.HTTPError, ValueError) as exc:
            raise SignInError(f"the token endpoint cannot be used ({exc})") from exc
        if not isinstance(token.get("id_token"), str):
            raise SignInError("the provider gave no ID token")
        return token

    def _read_id_token(
        self,
        client: OAuth2Client,
        provider: _Provider,
        token: dict[str, Any],
        transaction: Transaction,
    ) -> dict[str, Any]:
        offered = provider.metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [name for name in ALGORITHMS if name in offered]
        try:
            try:
                signed = jwt.decode(token["id_token"], provider.keys, algorithms=algorithms)
            except (JoseError, ValueError):
                if time.monotonic() - provider.keys_at < KEYS_S:
                    raise
                provider.keys = _read_keys(client, provider.metadata["jwks_uri"])  # rotated?
                provider.keys_at = time.monotonic()
                signed = jwt.decode(token["id_token"], provider.keys, algorithms=algorithms)
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                options={
                    "iss": {"essential": True, "value": provider.metadata["issuer"]},
                    "aud": {"essential": True, "value": self.settings.client_id},
                    "sub": {"essential": True},
                },
                params={
                    "nonce": transaction.nonce,
                    "client_id": self.settings.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(leeway=self.settings.clock_skew_s)
        except (JoseError, ValueError) as exc:
            raise SignInError(f"the ID token is not good ({exc})") from exc
        return dict(claims)

    def _with_userinfo(
        self,
        client: OAuth2Client,
        provider: _Provider,
        token: dict[str, Any],
        claims: dict[str, Any],
    ) -> dict[str, Any]:
        own = self.settings
        needed = (own.name_claim, own.groups_claim, own.role_claim)
        endpoint = provider.metadata.get("userinfo_endpoint")
        if endpoint is None or all(name is None or name in claims for name in needed):
            return claims
        client.token = token
        told = _get_json(client, endpoint)
        if told.get("sub") != claims["sub"]:
            raise SignInError("the userinfo endpoint speaks of somebody else")
        return told | claims


def _read_keys(client: OAuth2Client, address: str) -> KeySet:
    """Public keys for signatures; others that stand beside them do not count."""
    told = _get_json(client, address)
    keys = [key for key in told.get("keys", []) if isinstance(key, dict)]
    signing = [key for key in keys if key.get("use", "sig") == "sig" and key.get("kty") != "oct"]
    try:
        return KeySet.import_key_set({"keys": signing})
    except (JoseError, ValueError, KeyError, TypeError) as exc:
        raise SignInError(f"the keys at {address} cannot be read ({exc})") from exc


def _get_json(client: OAuth2Client, address: str) -> dict[str, Any]:
    try:
        response = client.request("GET", address, withhold_token=client.token is None)
        response.raise_for_status()
        told = response.json()
    except (httpx2.HTTPError, OAuth2Error, ValueError) as exc:
        raise SignInError(f"{address} cannot be read ({exc})") from exc
    if not isinstance(told, dict):
        raise SignInError(f"{address} holds no object")
    return told
