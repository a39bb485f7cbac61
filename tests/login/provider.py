"""A provider of OpenID Connect that keeps to the protocol: discovery, the code flow with PKCE, a
client that has to authenticate, codes good once, signed ID tokens, JWKS, userinfo. Over HTTP.

It consents at once in the name of `person`; `spoil` lets a test bend one thing.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "philo", "the client's own secret"


def new_key(kid=None):
    return RSAKey.generate_key(2048, {"use": "sig", "kid": kid or secrets.token_hex(4)}, True)


@dataclass
class Provider:
    url: str = ""
    person: dict = field(default_factory=lambda: {"sub": "u-1", "preferred_username": "anne"})
    spoil: dict = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: new_key())
    codes: dict = field(default_factory=dict)
    tokens: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def rotate(self):
        self.key = new_key()

    def discovery(self):
        return {
            "issuer": self.spoil.get("issuer", self.url),
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def authorize(self, asked):
        """Where the browser is sent back to."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = (asked, dict(self.person))
        answer = {"code": code, "state": asked["state"], "iss": self.spoil.get("iss", self.url)}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, form, authorization):
        wanted = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {wanted}":
            return 401, {"error": "invalid_client"}
        asked, person = self.codes.pop(form.get("code"), (None, None))
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if _base64(digest).decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        self.tokens[access] = person
        return 200, {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.id_token(asked, person, access),
        }

    def id_token(self, asked, person, access):
        now = int(time.time())
        half = hashlib.sha256(access.encode()).digest()[:16]
        in_token = {name: value for name, value in person.items() if name != "only_userinfo"}
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "at_hash": _base64(half).decode(),
            **in_token,
            **self.spoil.get("claims", {}),
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        match self.spoil.get("signature"):
            case "none":
                parts = [{"alg": "none"}, claims]
                encoded = [_base64(json.dumps(part).encode()) for part in parts]
                return b".".join([*encoded, b""]).decode()
            case "another key":
                key = new_key(self.key.kid)
                return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, key)
            case "the secret":
                return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.ljust(32)))
            case "the public key as secret":
                parts = [{"alg": "HS256", "kid": self.key.kid}, claims]
                signed = b".".join(_base64(json.dumps(part).encode()) for part in parts)
                mac = hmac.new(self.key.as_pem(private=False), signed, hashlib.sha256).digest()
                return (signed + b"." + _base64(mac)).decode()
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def userinfo(self, authorization):
        person = self.tokens.get(authorization.removeprefix("Bearer "))
        if person is None:
            return 401, {"error": "invalid_token"}
        return 200, person | person.get("only_userinfo", {}) | self.spoil.get("userinfo", {})


def _base64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        provider, parts = self.server.provider, urlsplit(self.path)
        provider.asked.append(parts.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        match parts.path:
            case "/.well-known/openid-configuration":
                self._answer(200, provider.discovery())
            case "/jwks":
                self._answer(200, {"keys": [provider.key.as_dict(private=False)]})
            case "/userinfo":
                self._answer(*provider.userinfo(self.headers.get("Authorization", "")))
            case "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
            case _:
                self._answer(404, {})

    def do_POST(self):
        provider = self.server.provider
        provider.asked.append(self.path)
        length = int(self.headers.get("Content-Length", 0))
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        self._answer(*provider.token(form, self.headers.get("Authorization", "")))

    def _answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def serve_provider():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.provider = Provider(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
