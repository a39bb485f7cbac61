"""Whatever the OpenAPI allows or forbids is asked of the API, by everybody there is.

Of each operation random cases, right and wrong ones: no failure of the service, no answer that
the OpenAPI does not tell of, and nothing for who does not show that they may have it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from collections import Counter
from dataclasses import dataclass

import hypothesis
import pytest
import schemathesis
from fastapi.testclient import TestClient
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from assistant.access.keys import SecretKey
from assistant.access.types import Role, TokenScope
from assistant.api.rest import create_api
from assistant.service import open_assistant
from assistant.serving import open_login
from assistant.settings import load_settings
from tests.api.served import OPERATOR_TOKEN, token_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CASES = 4
"""Of each operation for each caller; right and wrong."""

LONG_CASES = 80
BASE = "https://philo.example"
SAFE = {"GET", "HEAD", "OPTIONS"}
OPEN = {"GET /health", "GET /live", "GET /ready"}
"""What is told to whoever asks, where people have to sign in too: that the service is there."""

REFUSALS = {400, 401, 403, 404, 405, 422}
"""404 and 405: of no route; 400 and 422: no JSON, which is seen before who asks."""

ENDLESS = {"POST /ingest/watch"}
"""Ends when its caller goes away, so it is not asked by whom it would listen to."""


@dataclass(frozen=True)
class Caller:
    """`headers` are what they show; `at_login`: where people have to sign in."""

    name: str
    role: str
    headers: dict[str, str]
    at_login: bool = False

    def may(self, operation: str, security: list[dict[str, list[str]]]) -> bool:
        """Whether any but a refusal may be the answer."""
        if self.role == "nobody":
            return self.at_login and operation in OPEN
        if self.role == "reader without CSRF" and operation.partition(" ")[0] not in SAFE:
            return False
        if {"operator": []} not in security:
            return True
        return self.role == "operator" or (self.role == "admin" and {"token": []} in security)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory, tiny_sentence_transformer):
    folder = tmp_path_factory.mktemp("fuzzed")
    variables = {
        "PHILO_MODELS__GENERATOR": "none",
        "PHILO_MODELS__READER": "none",
        "PHILO_MODELS__EMBEDDER": str(tiny_sentence_transformer),
    }
    (folder / "leave.md").write_text("# Leave\n\nIn Dublin each employee has 26 days of leave.\n")
    with open_assistant(load_settings(folder / "data", environ=variables)) as assistant:
        assistant.ingestor.ingest([str(folder / "leave.md")])
        yield assistant


@pytest.fixture(scope="module")
def login(assistant):
    return open_login(assistant, SecretKey(secrets.token_bytes(32)), BASE)


@pytest.fixture(scope="module")
def callers(assistant, login):
    def bearer(token):
        return {"Authorization": f"Bearer {token}"}

    def cookie(name, *, csrf=True):
        user_id = assistant.library.people.user_id(name)
        begun = login.sessions.begin(user_id, method="password", address="192.0.2.7", agent="")
        session = login.session(begun)
        shown = {"Cookie": f"{login.cookie_name}={begun}"}
        return shown | ({"X-Philo-CSRF": session.csrf} if csrf else {})

    tokens = {
        "reader": token_of(assistant, "reader"),
        "editor": token_of(assistant, "editor", role=Role.EDITOR, scope=TokenScope.WRITE),
        "admin": token_of(assistant, "admin", role=Role.ADMIN, scope=TokenScope.ADMIN),
        "operator": OPERATOR_TOKEN,
    }
    return [
        *(Caller(name, name, bearer(token)) for name, token in tokens.items()),
        Caller("anonymous", "editor", {}),  # this machine is trusted where nobody signs in
        Caller("wrong token", "nobody", bearer("philo_" + "x" * 43)),
        Caller("admin's cookie", "admin", cookie("admin"), at_login=True),
        Caller("reader's cookie", "reader", cookie("reader"), at_login=True),
        Caller("cookie alone", "reader without CSRF", cookie("reader", csrf=False), at_login=True),
        Caller("stranger", "nobody", {}, at_login=True),
    ]


@pytest.fixture(scope="module")
def api(assistant):
    return create_api(assistant, operator_token=OPERATOR_TOKEN)


@pytest.fixture(scope="module")
def clients(assistant, api, login):
    """By whether people have to sign in."""
    behind = create_api(assistant, operator_token=OPERATOR_TOKEN, login=login)
    with (
        asgi.get_client(as_served(api)) as without,
        asgi.get_client(as_served(behind)) as with_login,
    ):
        yield {False: without, True: with_login}


def as_served(api):
    """A failure is an answer with the status 500 to whoever asked, and no more than that."""

    async def served(scope, receive, send):
        with contextlib.suppress(Exception):
            await api(scope, receive, send)

    return served


@pytest.fixture(scope="module")
def operations(api):
    schema = schemathesis.openapi.from_asgi("/openapi.json", api)
    return [result.ok() for result in schema.get_all_operations()]


def ask_everything(operations, callers, clients, folder, cases):
    """(caller's name -> how many requests they made, what went wrong, each kind once)."""
    asked = Counter()
    problems = {}

    def note(case, caller, response, what):
        told = f"{caller.name}: {case.as_curl_command()}\n  {response.status_code}: {what}"
        problems.setdefault((case.operation.label, response.status_code, what[:40]), told)

    def ask(case, caller):
        response = case.call(session=clients[caller.at_login], headers=caller.headers)
        asked[caller.name] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                note(case, caller, response, f"{failure} {response.text[:300]}")
        may = caller.may(case.operation.label, case.operation.definition.raw["security"])
        if not may and response.status_code not in REFUSALS:
            note(case, caller, response, "answered to whom it must not")

    def ask_as_everybody(case):
        _keep_paths_in(folder, case)
        for caller in callers:
            if case.operation.label not in ENDLESS or caller.name != "operator":
                ask(case, caller)

    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            run = hypothesis.seed(0)(
                hypothesis.given(operation.as_strategy(mode))(ask_as_everybody)
            )
            run = hypothesis.settings(
                max_examples=cases,
                database=None,
                deadline=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )(run)
            with contextlib.suppress(hypothesis.errors.Unsatisfiable):
                run()  # nothing can be wrong about a request that takes nothing
    return asked, problems


def _keep_paths_in(folder, case):
    """Paths on this machine stay within a folder where there is nothing."""
    body = case.body if isinstance(case.body, dict) else {}
    for name in ("paths", "files"):
        if isinstance(body.get(name), list):
            body[name] = [
                str(folder / hashlib.sha256(path.encode(errors="replace")).hexdigest())
                if isinstance(path, str)
                else path
                for path in body[name]
            ]


def test_the_api_keeps_its_word_to_everybody(operations, callers, clients, tmp_path):
    asked, problems = ask_everything(operations, callers, clients, tmp_path, CASES)
    assert not problems, "\n\n".join(problems.values())
    assert asked.total() >= 2000


@pytest.mark.long
@pytest.mark.timeout(14_400)
def test_the_api_keeps_its_word_to_everybody_at_length(operations, callers, clients, tmp_path):
    asked, problems = ask_everything(operations, callers, clients, tmp_path, LONG_CASES)
    assert not problems, "\n\n".join(problems.values())
    assert asked.total() >= 50_000


def test_the_openapi_tells_what_programs_need(api):
    described = api.openapi()
    operations = [one for path in described["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    tags = {tag["name"] for tag in described["tags"]}
    assert described["components"]["securitySchemes"].keys() == {"token", "operator"}
    for one in operations:
        assert one["summary"]
        assert set(one["tags"]) <= tags
        assert one["security"] in (
            [{"token": []}, {}],
            [{"operator": []}, {"token": []}],
            [{"operator": []}],
        )
        for status in ("401", "403", "422", "500"):
            [reference] = one["responses"][status]["content"]["application/json"]["schema"].values()
            assert reference.endswith("ErrorResponse")
    assert "examples" in described["components"]["schemas"]["AskRequest"]


HOSTILE_IDS = ["a%00b", "..%2F..%2Fetc%2Fpasswd", "%F0%9F%92%A9", "%ff%fe", "-1", "9" * 40, "'--"]


@pytest.mark.parametrize("name", HOSTILE_IDS)
def test_no_id_leads_anywhere_but_to_its_own(api, assistant, name):
    client = TestClient(api, raise_server_exceptions=False)
    operator = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
    for path, operations in api.openapi()["paths"].items():
        if "{" in path:
            for method in operations:
                address = re.sub(r"\{\w+\}", name, path)
                body = {"json": {}} if method == "patch" else {}
                response = client.request(method, address, headers=operator, **body)
                expected = {400, 404, 405, 422}
                if path.endswith("/sync"):  # a stream, which ends with the error
                    expected |= {200} if "event: error" in response.text else set()
                assert response.status_code in expected, (path, response.text)


BODIES = {
    "surrogate": rb'{"question": "\ud800 days of leave", "model": "philo", "x": "\udfff"}',
    "surrogate as a name": rb'{"question": "days of leave", "\ud800": 1}',
    "NUL": rb'{"question": "days\u0000of", "collection": "a\u0000b", "documents": ["\u0000"]}',
    "no UTF-8": b'{"question": "\xff\xfe"}',
    "no JSON": b"{",
    "deep": b"[" * 100_000,
    "huge number": b'{"question": "leave", "k": ' + b"9" * 5000 + b"}",
    "infinite": b'{"question": "leave", "k": 1e999}',
    "not a number": b'{"question": "leave", "k": NaN}',
    "a list": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", "x"])
def test_no_body_makes_the_service_fail(api, body, kind):
    client = TestClient(api, raise_server_exceptions=False)
    operator = {"Authorization": f"Bearer {OPERATOR_TOKEN}", "Content-Type": kind}
    for path, operations in api.openapi()["paths"].items():
        for method in operations.keys() & {"post", "patch"}:
            if f"{method.upper()} {path}" not in ENDLESS:
                response = client.request(
                    method, path.replace("{", "").replace("}", ""), headers=operator, content=body
                )
                assert response.status_code < 500, (path, response.text)
