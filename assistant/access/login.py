"""The login of a running service: whether there is one, and all that belongs to it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from assistant.access.attempts import Attempts, Limit
from assistant.access.credentials import Credentials
from assistant.access.keys import SecretKey, load_secret_key
from assistant.access.oidc import OpenIdProvider
from assistant.access.passwords import check_password
from assistant.access.people import People
from assistant.access.provisioning import Provisioning
from assistant.access.sessions import Session, Sessions
from assistant.access.settings import AccessSettings
from assistant.access.sign_in import UNKNOWN_NAME, Origin, SignedIn, SignIn
from assistant.access.types import Role
from assistant.addresses import is_near
from assistant.audit.log import Audit
from assistant.errors import SettingsError
from assistant.knowledge.database import Database

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
ANY_HOSTS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - named, not listened on
CALLBACK = "/account/callback"
_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another


@dataclass(frozen=True, slots=True)
class Policy:
    """What is decided before anything is opened. `key` None: nobody has to sign in."""

    key: SecretKey | None
    base_url: str | None

    def address(self, host: str, port: int) -> str:
        """Under which people reach what listens on `host` and `port`."""
        if self.base_url is not None:
            return self.base_url
        return f"http://{url_host(host)}:{port}"


def decide_policy(settings: AccessSettings, host: str) -> Policy:
    """
    Raises:
        SettingsError: see `demands_login`; or there is no good secret key.
    """
    key = load_secret_key(settings) if demands_login(settings, host) else None
    return Policy(key=key, base_url=settings.base_url)


def demands_login(settings: AccessSettings, host: str) -> bool:
    """Whether whoever reaches a service on `host` has to sign in.

    Raises:
        SettingsError: strangers could come in, or it is not known under which address the
            service is reached.
    """
    base = settings.base_url
    reached = (host, urlsplit(base).hostname or "") if base else (host,)
    is_alone = all(one in LOOPBACK_HOSTS for one in reached)
    if settings.login == "off" and not is_alone:
        raise SettingsError(
            f"access.login is off, and {next(one for one in reached if one not in LOOPBACK_HOSTS)} "
            'would let strangers in; take login = "off" away, or serve on 127.0.0.1'
        )
    if settings.login == "off" or (settings.login == "auto" and is_alone):
        return False
    if base is None and (host in ANY_HOSTS or not is_near(host)):
        raise SettingsError(
            f"{host} can be reached under several addresses; say under which people do with "
            'base_url = "https://philo.example" in [access] of philo.toml'
        )
    return True


def url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class Login:
    """Signing in, sessions and all around them, where people have to sign in. Thread-safe."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        credentials: Credentials,
        audit: Audit,
        settings: AccessSettings,
        key: SecretKey,
        base_url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.base_url = base_url
        self.key = key
        self.clock = clock
        self.settings = settings
        self.credentials = credentials
        self.people = people
        self.sessions = Sessions(database, people, settings, key, clock)
        self.attempts = Attempts(database, clock)
        self.sign_in = SignIn(credentials, self.sessions, self.attempts, audit, key, clock)
        self.provider: OpenIdProvider | None = None
        if settings.oidc is not None:
            self.provider = OpenIdProvider(settings.oidc, redirect_uri=f"{base_url}{CALLBACK}")
            self.provisioning = Provisioning(database, people, audit, settings.oidc, clock)
        self._setting_up = threading.Lock()
        self._has_admin = False

    @property
    def is_encrypted(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """With https, one that no neighbouring host can set (RFC 6265bis, 4.1.3.2)."""
        return "__Host-philo_session" if self.is_encrypted else "philo_session"

    def session(self, secret: str | None) -> Session | None:
        """Who is signed in with that cookie."""
        return self.sessions.find(secret) if secret else None

    @property
    def setup_code(self) -> str | None:
        """What lets the first administrator in: the same in every process that has the key. None:
        there is one already."""
        self._has_admin = self._has_admin or not self.lacks_admin()
        return None if self._has_admin else _setup_code(self.key)

    def lacks_admin(self) -> bool:
        return not any(user.role is Role.ADMIN for user in self.people.users())

    def set_up(self, code: str, name: str, password: str, origin: Origin) -> SignedIn | None:
        """Make the first administrator. None: the code is wrong, used, or of no use any more.

        Raises:
            PeopleError: that name or that password cannot be.
        """
        limit = Limit.of_address(origin.address)
        attempt = self.attempts.begin(limit)
        typed = "".join(char for char in code.upper() if char.isalnum())
        with self._setting_up:
            wanted = (self.setup_code or "").replace("-", "")
            right = bool(wanted) and secrets.compare_digest(typed.encode(), wanted.encode())
            if not attempt.allowed or not right or not self.lacks_admin():
                self.sign_in.log(UNKNOWN_NAME, "setup.refused", origin)
                return None
            self.attempts.succeeded(limit)
            check_password(password, name=name, min_chars=self.credentials.min_chars)
            user = self.people.add_user(name, role=Role.ADMIN)
            self.credentials.set_password(user.name, password)
        self.sign_in.log(user.name, "setup", origin, role=str(user.role))
        user_id = self.people.user_id(user.name)
        return self.sign_in.begin(user_id, user.name, origin, method="password")


def _setup_code(key: SecretKey) -> str:
    """20 letters and digits of 31: 99 bits."""
    number = int(key.sign("setup", "the first administrator"), 16)
    base = len(_CODE_LETTERS)
    code = "".join(_CODE_LETTERS[number // base**place % base] for place in range(20))
    return "-".join(code[start : start + 5] for start in range(0, 20, 5))
