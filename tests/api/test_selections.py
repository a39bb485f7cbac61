"""Lists by cursor, and one thing done to many documents or jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from assistant.access.types import Role, TokenScope
from assistant.api.rest import create_api
from assistant.service import open_assistant
from assistant.settings import load_settings
from tests.api.served import token_of

MISSING = "0" * 32


@pytest.fixture(scope="module")
def place(tmp_path_factory, model_directory: Path) -> Iterator[SimpleNamespace]:
    """A service with two editors who share no group, and an administrator of both."""
    settings = load_settings(
        tmp_path_factory.mktemp("data"),
        environ={
            "PHILO_MODELS__DIRECTORY": str(model_directory),
            "PHILO_MODELS__GENERATOR": "none",
        },
    )
    with open_assistant(settings) as assistant:
        assistant.start_work()
        write = {"role": Role.EDITOR, "scope": TokenScope.WRITE}
        tokens = {
            "ada": token_of(assistant, "ada", groups=("lab",), **write),
            "bob": token_of(assistant, "bob", groups=("shop",), **write),
            "eve": token_of(assistant, "eve", groups=("lab",)),
            "chief": token_of(
                assistant, "chief", groups=("lab",), role=Role.ADMIN, scope=TokenScope.ADMIN
            ),
        }
        client = TestClient(create_api(assistant, operator_token="t"), raise_server_exceptions=True)

        def as_(name, method, path, **arguments):
            headers = {"Authorization": f"Bearer {tokens[name]}"}
            return client.request(method, path, headers=headers, **arguments)

        def add(name, file, text, **fields):
            form = {"collection": "notes"} | fields
            answer = as_(name, "POST", "/documents", files={"file": (file, text)}, data=form)
            assert answer.json()["added"] == 1, answer.json()
            listed = as_(name, "GET", "/documents", params={"q": file}).json()["documents"]
            return listed[0]["id"]

        yield SimpleNamespace(as_=as_, add=add, assistant=assistant)


def test_pages_follow_each_other_also_when_something_comes_meanwhile(place):
    for number in range(5):
        place.add("ada", f"page-{number}.txt", f"The lamp {number} is green.".encode())
    asked = {"q": "page-", "limit": 2}
    first = place.as_("ada", "GET", "/documents", params=asked).json()
    place.add("ada", "page-late.txt", b"This came late.")
    titles = [one["title"] for one in first["documents"]]
    cursor = first["next"]
    while cursor:
        page = place.as_("ada", "GET", "/documents", params=asked | {"cursor": cursor}).json()
        titles += [one["title"] for one in page["documents"]]
        cursor = page["next"]
    assert titles == [f"page {number}" for number in (4, 3, 2, 1, 0)]
    assert page["total"] == 6
    wrong = place.as_("ada", "GET", "/documents", params={"cursor": "7"})
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (422, "CursorError")


def test_documents_are_filtered_by_collection_language_and_kind(place):
    here = place.add("ada", "menu.md", b"# Menu\n\nThe soup of the day is leek.", collection="food")
    for wanted in ({"collection": "food"}, {"collection": "food", "type": "text"}):
        listed = place.as_("ada", "GET", "/documents", params=wanted).json()
        assert [one["id"] for one in listed["documents"]] == [here]
        assert listed["total"] == 1
    for other in ({"type": "pdf"}, {"language": "fr"}, {"incomplete": True}):
        listed = place.as_("ada", "GET", "/documents", params={"collection": "food"} | other)
        assert listed.json()["documents"] == []


def test_a_document_of_others_is_refused_like_one_that_does_not_exist(place):
    foreign = place.add("bob", "secret.txt", b"The safe opens with 1999.")
    own = place.add("ada", "own.txt", b"The well is deep.")
    before = place.as_("bob", "GET", f"/documents/{foreign}").json()
    for action, more in (
        ("move", {"collection": "mine"}),
        ("access", {"groups": ["lab"]}),
        ("release", {}),
        ("delete", {}),
    ):
        body = {"ids": [foreign, MISSING, own], **more}
        told = place.as_("ada", "POST", f"/selection/documents/{action}", json=body).json()
        theirs, missing = told["refused"][:2]
        assert (theirs["id"], theirs["type"]) == (foreign, "DocumentNotFoundError")
        assert theirs["type"] == missing["type"]
        assert theirs["message"].replace(foreign, MISSING) == missing["message"]
        assert told["done"] == ([] if action == "release" else [own])
    assert place.as_("bob", "GET", f"/documents/{foreign}").json() == before
    assert place.as_("ada", "GET", f"/documents/{own}").status_code == 404


def test_readers_change_nothing(place):
    shared = place.add("ada", "shared.txt", b"Tea is at four.", groups=["lab"])
    for action, more in (("delete", {}), ("move", {"collection": "x"}), ("access", {})):
        body = {"ids": [shared], **more}
        answer = place.as_("eve", "POST", f"/selection/documents/{action}", json=body)
        assert answer.status_code == 403
    assert place.as_("eve", "GET", f"/documents/{shared}").status_code == 200


def test_a_moved_document_goes_by_its_new_collection_and_is_replaced_there(place):
    chief = place.as_
    chief("chief", "PUT", "/collections/open/access", json={"groups": ["shop"]})
    moved = place.add("ada", "tide.txt", b"High tide is at seven.", collection="drafts")
    assert place.as_("bob", "GET", f"/documents/{moved}").status_code == 404
    body = {"ids": [moved], "collection": "open"}
    assert place.as_("ada", "POST", "/selection/documents/move", json=body).json()["done"] == [
        moved
    ]
    seen = place.as_("bob", "GET", f"/documents/{moved}").json()
    assert (seen["collection"], seen["uri"]) == ("open", "upload://open/~ada/tide.txt")
    for searched in ({"q": "tide", "collection": "open"}, {"q": "high tide"}):
        hits = place.as_("bob", "GET", "/search", params=searched).json()["hits"]
        assert moved in {hit["document_id"] for hit in hits}
    again = place.as_(
        "ada", "POST", "/documents",
        files={"file": ("tide.txt", b"High tide is at eight.")}, data={"collection": "open"},
    )  # fmt: skip
    assert again.json()["updated"] == 1
    back = {"ids": [moved], "collection": "drafts"}
    place.as_("ada", "POST", "/selection/documents/move", json=back)
    assert place.as_("bob", "GET", f"/documents/{moved}").status_code == 404
    hits = place.as_("bob", "GET", "/search", params={"q": "high tide"}).json()["hits"]
    assert moved not in {hit["document_id"] for hit in hits}


def test_what_a_source_keeps_in_step_stays_where_it_is(place, tmp_path):
    (tmp_path / "kept.txt").write_text("The gate is red.")
    place.assistant.ingestor.ingest([str(tmp_path)], collection="kept", groups=["lab"])
    [kept] = place.as_("ada", "GET", "/documents", params={"q": "kept.txt"}).json()["documents"]
    body = {"ids": [kept["id"]], "collection": "elsewhere"}
    told = place.as_("ada", "POST", "/selection/documents/move", json=body).json()
    assert (told["done"], told["refused"][0]["type"]) == ([], "MoveError")
    assert "source" in told["refused"][0]["message"]


def test_one_sees_and_retries_ones_own_failed_uploads_and_nobody_elses(place):
    noise = {"file": ("noise.txt", bytes(range(256)) * 9)}
    assert place.as_("bob", "POST", "/documents", files=noise).json()["failed"]
    [job] = place.as_("bob", "GET", "/jobs", params={"state": "dead"}).json()["jobs"]
    assert "binary" in job["reason"]
    for stranger in ("ada", "chief"):
        assert place.as_(stranger, "GET", "/jobs").json()["counts"].get("dead", 0) == 0
        assert place.as_(stranger, "GET", f"/jobs/{job['id']}").status_code == 404
        body = {"ids": [job["id"], MISSING]}
        told = place.as_(stranger, "POST", "/selection/jobs/retry", json=body).json()
        assert [one["type"] for one in told["refused"]] == ["JobNotFoundError"] * 2
    body = {"ids": [job["id"]]}
    again = place.as_("bob", "POST", "/selection/jobs/retry", json=body).json()
    assert again == {"done": [job["id"]], "refused": []}


def test_counts_are_never_older_than_the_last_change(place):
    def totals(name):
        listed = place.as_(name, "GET", "/documents", params={"limit": 1}).json()["total"]
        return listed, place.as_(name, "GET", "/health").json()["documents"]

    before = totals("eve")
    made = place.add("ada", "count.txt", b"Seven swans.")
    assert totals("eve") == before
    share = {"ids": [made], "groups": ["lab"]}
    place.as_("ada", "POST", "/selection/documents/access", json=share)
    assert totals("eve") == (before[0] + 1, before[1] + 1)
    place.as_("ada", "POST", "/selection/documents/delete", json={"ids": [made]})
    assert totals("eve") == before
