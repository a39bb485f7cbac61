"""A whole service with a login, spoken to as a browser does; only its clock is not real."""

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from starlette.middleware import Middleware

from assistant.access import passwords
from assistant.access.keys import SecretKey
from assistant.access.login import Login
from assistant.access.types import Role
from assistant.api.guard import OriginGuard
from assistant.data_directory import RunningService
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.service import open_assistant
from assistant.serving import build_app
from assistant.settings import load_settings

BASE = "https://philo.example"
PASSWORD = "seven green lamps by the quay"
OPERATOR = {"Authorization": "Bearer the operator's own"}


class Clock:
    """Runs from a fixed moment; `now` may be moved."""

    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        return self.now

    def pass_(self, **time):
        self.now += timedelta(**time)


class Browser(TestClient):
    """Keeps cookies, follows redirects, sends forms with what is hidden in them."""

    def send_form(self, page, path, **fields):
        shown = page if isinstance(page, str) else page.text
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
        return self.post(path, data=hidden | fields, headers={"Origin": BASE})

    def sign_in(self, name, password=PASSWORD, **query):
        page = self.get("/account/sign-in", params=query)
        return self.send_form(page, "/account/sign-in", name=name, password=password)

    def account(self):
        return self.get("/account/")

    def me(self):
        return self.get("/api/me")

    def csrf(self):
        return {"X-Philo-CSRF": self.me().json()["csrf"]}

    @property
    def is_signed_in(self):
        return self.me().status_code == 200


class House:
    """The service over one assistant, and the clock of its login."""

    def __init__(self, assistant, **access):
        self.assistant = assistant
        self.clock = Clock()
        settings = assistant.settings.access.model_copy(update=access)
        self.login = Login(
            database=assistant.library.database,
            people=assistant.library.people,
            credentials=assistant.credentials,
            audit=assistant.audit,
            settings=settings,
            key=SecretKey(secrets.token_bytes(32)),
            base_url=BASE,
            clock=self.clock,
        )
        assistant.credentials._clock = self.clock
        guard = Middleware(OriginGuard, base_url=BASE)
        service = RunningService(url=f"{BASE}/api", token="the operator's own")
        self.app = build_app(assistant, service, None, self.login, guard)

    def live_in(self):
        """As if it were new."""
        empty(self.assistant)
        self.clock.now = datetime.now(UTC)
        self.assistant.credentials._clock = self.clock

    def browser(self, address="192.0.2.7"):
        return Browser(self.app, base_url=BASE, client=(address, 50000))

    def add(self, name, role="reader", groups=(), password=PASSWORD):
        self.assistant.people.add_user(name, role=Role(role), groups=list(groups))
        if password:
            self.assistant.people.set_password(name, password)
        return name

    def log(self, action=None):
        entries = [one for one in self.assistant.audit.every() if action in (None, one.action)]
        told = ((one.who, dict(one.details)) for one in entries)
        # Where other tests have run commands in this process, rows say so.
        return [
            (who, {key: details[key] for key in details if key != "from"}) for who, details in told
        ]


@pytest.fixture(scope="package", autouse=True)
def cheap_hashes():
    """argon2id with a thousandth of the work; the real parameters are looked at elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr(passwords, "_HASHER", cheap)
        passwords._nobodys.cache_clear()
        yield
    passwords._nobodys.cache_clear()


@pytest.fixture(scope="package")
def assistant(tmp_path_factory):
    settings = load_settings(
        tmp_path_factory.mktemp("login"),
        environ={"PHILO_MODELS__GENERATOR": "none", "PHILO_MODELS__READER": "none"},
    )
    with open_assistant(settings, embedder=HashingEmbedder()) as opened:
        for group in ("rh", "legal"):
            path = tmp_path_factory.mktemp("documents") / f"{group}.md"
            path.write_text(f"# Leave of {group}\n\nThe code word of {group} is {group}word.\n")
            opened.ingestor.ingest([str(path)], groups=[group])
        yield opened


@pytest.fixture(scope="package")
def standing_house(assistant):
    return House(assistant)


@pytest.fixture
def house(standing_house):
    standing_house.live_in()
    return standing_house


@pytest.fixture
def make_house(assistant):
    empty(assistant)
    return lambda **access: House(assistant, **access)


def empty(assistant):
    """Nobody is known, and no failure counts."""
    from sqlalchemy import delete

    from assistant.knowledge.tables import AttemptRow, UserRow

    with assistant.library.database.writing() as session:
        session.execute(delete(UserRow))
        session.execute(delete(AttemptRow))
