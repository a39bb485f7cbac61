"""Sources over the API: the operator's alone."""

import json

import pytest

from tests.api.conftest import TOKEN

OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pay.md").write_text("# Pay\n\nSalaries are paid on the 28th of each month.\n")
    return tmp_path


@pytest.fixture
def source(api, folder):
    body = {"kind": "folder", "name": "handbook", "options": {"path": str(folder)}}
    answer = api.post("/sources", json=body | {"schedule": "1d"}, headers=OPERATOR)
    assert answer.status_code == 201
    yield answer.json()
    api.delete("/sources/handbook", headers=OPERATOR)


def events(answer) -> list[tuple[str, dict]]:
    blocks = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    return [
        (block[0].removeprefix("event: "), json.loads(block[1].removeprefix("data: ")))
        for block in blocks
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/sources"),
        ("DELETE", "/sources/x"),
        ("POST", "/ingest/watch"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_the_operators_token_nothing_is_told_or_done(api, method, path, headers):
    body = {"kind": "folder", "name": "x", "options": {"path": "/"}, "paths": ["/"]}
    answer = api.request(method, path, headers=headers, json=body)
    assert answer.status_code in (401, 422)
    assert "sources" not in answer.json()
    assert api.get("/sources", headers=OPERATOR).json() == {"sources": []}


def test_whoever_sits_at_the_machine_sees_and_syncs_sources_but_no_options(api, source):
    (listed,) = api.get("/sources").json()["sources"]
    assert listed == source | {"options": {}}
    assert api.get("/sources/handbook").json()["options"] == {}
    assert events(api.post("/sources/handbook/sync"))[-1][0] == "report"


def test_others_are_told_nothing_of_sources(api, source, tokens):
    for headers in (*tokens.values(), {"Authorization": "Bearer wrong"}):
        for method, path in (
            ("GET", "/sources"),
            ("GET", "/sources/handbook"),
            ("POST", "/sources/handbook/sync"),
        ):
            assert api.request(method, path, headers=headers).status_code in (401, 403)


def test_a_source_is_added_shown_brought_in_and_removed(api, source):
    assert (source["state"], source["schedule"], source["groups"]) == ("new", "1d", None)
    assert api.get("/sources/handbook", headers=OPERATOR).json() == source
    told = events(api.post(f"/sources/{source['id']}/sync", headers=OPERATOR))
    assert [name for name, _ in told if name != "alive"] == ["progress", "report"]
    assert told[-1][1]["added"] == 1
    (listed,) = api.get("/sources", headers=OPERATOR).json()["sources"]
    assert (listed["state"], listed["counts"]["listed"]) == ("complete", 1)
    removed = api.delete("/sources/handbook", headers=OPERATOR)
    assert removed.json() == {"removed_documents": 1}
    assert api.get("/sources/handbook", headers=OPERATOR).status_code == 404


def test_its_documents_may_stay(api, source):
    api.post("/sources/handbook/sync", headers=OPERATOR)
    path = "/sources/handbook?keep_documents=true"
    assert api.delete(path, headers=OPERATOR).json() == {"removed_documents": 0}
    (kept,) = api.get("/documents", params={"q": "pay.md"}).json()["documents"]
    api.delete(f"/documents/{kept['id']}")


def test_what_is_wrong_is_told(api, source):
    again = {"kind": "folder", "name": "handbook", "options": {"path": "/"}}
    for body in (again, again | {"kind": "ftp"}, again | {"name": "x", "options": {}}):
        answer = api.post("/sources", json=body, headers=OPERATOR)
        assert answer.status_code == 422
        assert answer.json()["error"]["type"] == "SourceOptionsError"
    assert api.delete("/sources/nowhere", headers=OPERATOR).status_code == 404
    ((name, failure),) = events(api.post("/sources/nowhere/sync", headers=OPERATOR))
    assert (name, failure["error"]["type"]) == ("error", "UnknownSourceError")


def test_only_folders_can_be_watched(api, folder):
    ((name, failure),) = events(
        api.post("/ingest/watch", json={"paths": [str(folder / "pay.md")]}, headers=OPERATOR)
    )
    assert (name, failure["error"]["type"]) == ("error", "SourceNotFoundError")
