"""Who may read what is said by people, over the API, and holds from the next request on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.api.rest import create_api
from assistant.assistant import Assistant
from assistant.errors import AccessWithdrawnError
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR

HEADERS = {"Authorization": "Bearer the operator's own"}
QUESTION = "How many days of leave has each employee in Dublin?"
TEXT = "# Leave\n\nIn Dublin each employee has 26 days of leave.\n\nIn Galway it is 31 days.\n"

People = Callable[..., dict[str, str]]


@pytest.fixture
def assistant(tmp_path: Path, model_directory: Path) -> Iterator[Assistant]:
    environ = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
        "PHILO_MODELS__READER": "none",
    }
    settings = load_settings(tmp_path, environ=environ)
    with open_assistant(settings, embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def api(assistant: Assistant) -> TestClient:
    return TestClient(
        create_api(assistant, operator_token="the operator's own"),
        raise_server_exceptions=False,
    )


@pytest.fixture
def user(api: TestClient) -> People:
    def make(name: str, *groups: str, role: str = "reader") -> dict[str, str]:
        """Headers of somebody new."""
        body = {"name": name, "role": role, "groups": groups}
        api.post("/users", json=body, headers=HEADERS).raise_for_status()
        asked = {"user": name, "scope": "write"}
        secret = api.post("/tokens", json=asked, headers=HEADERS).json()["secret"]
        return {"Authorization": f"Bearer {secret}"}

    return make


def put(
    api: TestClient, headers: dict[str, str], name: str = "leave.md", text: str = TEXT, **data: Any
) -> str:
    """The id of a new document."""
    before = {one["id"] for one in listed(api, HEADERS)}
    files = {"file": (name, text.encode())}
    api.post("/documents", files=files, data=data, headers=headers).raise_for_status()
    return next(one["id"] for one in listed(api, HEADERS) if one["id"] not in before)


def listed(api: TestClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/documents", headers=headers).json()["documents"]
    return found


def test_without_users_all_is_as_for_one_person(api: TestClient, user: People) -> None:
    put(api, HEADERS)
    anne = user("Anne")
    told = listed(api, anne)
    assert [(one["groups"], one["access_from"]) for one in told] == [(["everyone"], "collection")]


def test_with_users_what_nobody_shares_is_its_owners_alone(api: TestClient, user: People) -> None:
    bob, anne = user("Bob", "hr", role="editor"), user("Anne", "hr")
    mine = put(api, bob)
    theirs = put(api, HEADERS, "operator.md")
    assert [one["id"] for one in listed(api, bob)] == [mine]
    assert listed(api, anne) == []
    api.put("/collections/default/access", json={"groups": ["hr"]}, headers=HEADERS)
    assert {one["id"] for one in listed(api, anne)} == {mine, theirs}
    api.put("/collections/default/access", json={"users": ["Anne"]}, headers=HEADERS)
    assert {one["id"] for one in listed(api, anne)} == {mine, theirs}
    assert [one["id"] for one in listed(api, bob)] == [mine]
    told = api.get("/collections", headers=HEADERS).json()["collections"]
    assert told == [
        {
            "name": "default",
            "access": {"groups": [], "users": ["Anne"]},
            "documents": 2,
            "inheriting": 2,
        }
    ]


def test_a_document_is_narrowed_and_inherits_again(api: TestClient, user: People) -> None:
    anne, bob = user("Anne", "hr"), user("Bob", "hr")
    api.put("/collections/default/access", json={"groups": ["hr"]}, headers=HEADERS)
    one = put(api, HEADERS)
    path = f"/documents/{one}/access"
    told = api.put(path, json={"users": ["anne"]}, headers=HEADERS).json()
    assert told == {"groups": [], "users": ["Anne"]}
    assert len(listed(api, anne)) == 1
    assert listed(api, bob) == []
    put_again = {"file": ("leave.md", (TEXT + "More.\n").encode())}
    data = {"groups": ["everyone"]}
    api.post("/documents", files=put_again, data=data, headers=HEADERS).raise_for_status()
    assert listed(api, bob) == []  # what its source says does not widen it
    api.put(path, json={"inherit": True}, headers=HEADERS).raise_for_status()
    assert len(listed(api, bob)) == 1


def test_nobody_widens_what_is_not_theirs(api: TestClient, user: People) -> None:
    one = put(api, HEADERS, groups=["hr", "board"])
    reader, editor = user("Anne", "hr"), user("Bob", "hr", role="editor")
    stranger, admin = user("Carol", role="editor"), user("Dan", "hr", role="admin")
    path = f"/documents/{one}/access"
    all_may = {"groups": ["everyone"]}
    assert api.put(path, json=all_may, headers=reader).status_code == 403
    assert api.get(path, headers=reader).status_code == 403
    foreign = api.put(path, json=all_may, headers=stranger)
    missing = api.put(f"/documents/{'0' * 32}/access", json=all_may, headers=stranger)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text.replace(one, "ID") == missing.text.replace("0" * 32, "ID")
    assert api.put(path, json={"groups": ["law"]}, headers=editor).status_code == 403
    unknown = api.put(path, json={"users": ["Carl"]}, headers=editor)
    assert unknown.status_code == 404
    assert "Carol" not in unknown.text
    kept = {"groups": ["board", "hr"], "users": ["Carol"]}
    assert api.put(path, json=kept, headers=editor).json() == kept
    assert [each["groups"] for each in listed(api, reader)] == [["hr"]]  # no word of the board
    assert [each["users"] for each in listed(api, stranger)] == [["Carol"]]
    for headers in (reader, editor):
        told = api.put("/collections/default/access", json=all_may, headers=headers)
        assert told.status_code == 403
    told = api.put("/collections/new/access", json={"groups": ["law"]}, headers=admin)
    assert told.json()["access"] == {"groups": ["law"], "users": []}


def test_who_comes_later_under_a_name_is_somebody_else(api: TestClient, user: People) -> None:
    user("Anne")
    one = put(api, HEADERS, groups=["hr"])
    api.put(f"/documents/{one}/access", json={"users": ["Anne"]}, headers=HEADERS)
    api.delete("/users/Anne", headers=HEADERS).raise_for_status()
    assert listed(api, user("Anne")) == []


@pytest.mark.parametrize("loss", ["shared otherwise", "left", "disabled", "token", "removed"])
def test_an_answer_stops_before_the_next_sentence_when_its_reader_loses_the_right(
    loss: str, api: TestClient, assistant: Assistant, user: People
) -> None:
    user("Anne", "hr")
    one = put(api, HEADERS, groups=["hr"])
    people = assistant.library.people
    token = people.create_token("Anne")
    principal = people.principal_of_token(token.secret)
    assert principal is not None
    events = assistant.ask(
        QUESTION,
        readable=principal.readable(),
        readable_now=lambda: people.refresh(principal).readable(),
    )
    passages = next(events)
    assert isinstance(passages, list)
    assert passages
    match loss:
        case "shared otherwise":
            path = f"/documents/{one}/access"
            api.put(path, json={"groups": ["law"]}, headers=HEADERS).raise_for_status()
        case "left":
            people.change_user("Anne", leave=["hr"])
        case "disabled":
            people.change_user("Anne", disabled=True)
        case "token":
            people.revoke_token(token.token.id)
        case "removed":
            assistant.library.retire(one)
    with pytest.raises(AccessWithdrawnError):
        next(events)


def test_a_summary_stops_when_a_collection_is_closed(
    api: TestClient, assistant: Assistant, user: People
) -> None:
    anne = user("Anne", "hr")
    api.put("/collections/default/access", json={"groups": ["hr"]}, headers=HEADERS)
    one = put(api, HEADERS)
    asked = {"documents": [one], "form": "points"}
    whole = api.post("/summaries/stream", json=asked, headers=anne)
    assert "event: summary" in whole.text
    people = assistant.library.people
    principal = people.principal("Anne")
    events = assistant.summarise(
        [one],
        readable=principal.readable(),
        readable_now=lambda: people.refresh(principal).readable(),
    )
    next(events)
    api.put("/collections/default/access", json={"groups": ["law"]}, headers=HEADERS)
    with pytest.raises(AccessWithdrawnError):
        list(events)
    refused = api.post("/summaries/stream", json=asked, headers=anne)
    assert refused.status_code == 404


def test_a_stream_says_that_the_right_is_gone(
    api: TestClient, assistant: Assistant, user: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    anne = user("Anne", "hr")
    put(api, HEADERS, groups=["hr"])
    told = assistant.library.changes

    def leave_meanwhile(ids: Any, readable: Any, chunks: Any = assistant.library.chunks) -> Any:
        found = chunks(ids, readable)
        if readable != OPERATOR:
            assistant.library.people.change_user("Anne", leave=["hr"])
        return found

    monkeypatch.setattr(assistant.library, "chunks", leave_meanwhile)
    text = api.post("/ask/stream", json={"question": QUESTION}, headers=anne).text
    names = [line[7:] for line in text.splitlines() if line.startswith("event: ")]
    assert names == ["error"]
    last = json.loads(text.strip().splitlines()[-1].removeprefix("data: "))
    assert last["error"]["type"] == "AccessWithdrawnError"
    assert told.total


def test_twins_that_may_not_be_read_are_not_told(api: TestClient, user: People) -> None:
    anne = user("Anne", "hr")
    mine = put(api, HEADERS, "a.md", groups=["hr"])
    other = put(api, HEADERS, "b.md", groups=["law"])
    found = api.get("/search", params={"q": QUESTION}, headers=anne)
    assert [one["document_id"] for one in found.json()["hits"]] == [mine]
    assert found.json()["hits"][0]["places"] == []
    assert other not in found.text
    everything = api.get("/search", params={"q": QUESTION}, headers=HEADERS).json()["hits"]
    assert {one["document_id"] for one in everything[0]["places"]} < {mine, other}
