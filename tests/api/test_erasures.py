"""Erasing, holds and one's own data over HTTP: for admins and the operator, and for oneself."""

import io
import json
import zipfile

import pytest

OPERATOR = {"Authorization": "Bearer the operator's own", "X-Philo-Interface": "command line"}


@pytest.fixture(scope="module")
def as_user(api):
    made = {}

    def headers(role, group="hr"):
        if (role, group) not in made:
            name = f"{role}-{group}"
            body = {"name": name, "role": role, "groups": [group]}
            api.post("/users", json=body, headers=OPERATOR).raise_for_status()
            scope = "admin" if role == "admin" else "write"
            token = api.post("/tokens", json={"user": name, "scope": scope}, headers=OPERATOR)
            made[role, group] = {"Authorization": f"Bearer {token.json()['secret']}"}
        return made[role, group]

    return headers


def put(api, name, text, group="hr"):
    body = {"groups": [group]}
    api.post("/documents", files={"file": (name, text.encode())}, data=body, headers=OPERATOR)
    listed = api.get("/documents", params={"q": name}, headers=OPERATOR).json()["documents"]
    return listed[0]["id"]


def events(answer):
    assert answer.status_code == 200, answer.text
    parts = [part.split("\n", 1) for part in answer.text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data[6:])) for name, data in parts]


def test_an_admin_erases_what_they_can_read_and_others_may_not(api, as_user):
    secret = put(api, "secret.md", "# Pay\n\nThe director of the institute earns 200 000 euros.\n")
    foreign = put(api, "foreign.md", "# Law\n\nThe lawsuit was lost in the year 2019.\n", "legal")
    question = {"question": "How much does the director of the institute earn?"}
    assert "200" in api.post("/ask", json=question, headers=as_user("reader")).json()["answer"]
    wanted = {"documents": [secret]}
    for role in ("reader", "editor"):
        assert api.post("/erasures", json=wanted, headers=as_user(role)).status_code == 403
        assert api.get("/erasures", headers=as_user(role)).status_code == 403
    assert api.post("/erasures", json=wanted).status_code == 401  # this machine, but no operator
    admin = as_user("admin")
    for hidden in (foreign, "f" * 32):
        answer = api.post("/erasures", json={"documents": [hidden]}, headers=admin)
        assert answer.status_code == 404
    told = events(api.post("/erasures", json=wanted, headers=admin))
    assert {name for name, _ in told} >= {"progress", "report"}
    receipt = told[-1][1]
    assert (receipt["complete"], receipt["subject"]) == (True, [secret]), receipt["residue"]
    assert receipt["asked_by"] == "admin-hr"
    checked = api.post("/erasures/check", json={"receipt": receipt}, headers=admin).json()
    assert checked["authentic"]
    assert checked["own"]
    assert api.get(f"/erasures/{receipt['id']}", headers=admin).json()["step"] == "done"
    assert api.get("/erasures/none", headers=admin).status_code == 404
    answer = api.post("/ask", json=question, headers=as_user("reader")).json()
    assert "200" not in str(answer)
    rows = api.get("/audit", params={"action": "ask"}, headers=OPERATOR).json()
    assert "text" not in rows[0]["details"]["answer"]
    details = rows[0]["details"]
    assert details["checks"]["evidence"] > 0
    assert details["models"].keys() == {"embedder", "reader"}
    assert len(details["prompt"]) == 64
    assert details["from"] == {"interface": "api", "address": "testclient"}
    assert api.get("/audit/verification", headers=OPERATOR).json()["ok"]


@pytest.mark.parametrize("body", [{}, {"user": " "}, {"user": "a", "documents": ["b"]}])
def test_one_thing_is_erased_at_a_time(api, body):
    assert api.post("/erasures", json=body, headers=OPERATOR).status_code == 422


def test_holds_are_the_operators_and_stop_erasing_and_removing(api, as_user):
    held = put(api, "held.md", "# Case\n\nThe case is heard in the spring of next year.\n")
    body = {"kind": "document", "subject": held, "reason": "case 7"}
    assert api.post("/audit/holds", json=body, headers=as_user("admin")).status_code == 403
    hold = api.post("/audit/holds", json=body, headers=OPERATOR).json()
    told = events(api.post("/erasures", json={"documents": [held]}, headers=OPERATOR))
    assert told[-1][0] == "error"
    assert "case 7" in told[-1][1]["error"]["message"]
    assert api.delete(f"/documents/{held}", headers=OPERATOR).status_code == 409
    path = f"/audit/holds/{hold['id']}/release"
    assert api.post(path, headers=OPERATOR).json()["released_at"]
    assert api.post(path, headers=OPERATOR).status_code == 422
    assert api.get("/audit/holds", headers=OPERATOR).json()[0]["id"] == hold["id"]
    assert api.delete(f"/documents/{held}", headers=OPERATOR).status_code == 204
    assert api.post("/audit/prune", headers=OPERATOR).json()["rows"] == 0


def test_everybody_gets_their_own_data_and_nobody_elses(api, as_user):
    mine = as_user("reader", "paris")
    api.get("/search", params={"q": "Where is the canteen of Paris?"}, headers=mine)
    got = api.get("/users/me/export", headers=mine)
    assert got.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        account = json.loads(archive.read("account.json"))
        questions = json.loads(archive.read("questions.json"))
    assert account["name"] == "reader-paris"
    assert [one["question"] for one in questions] == ["Where is the canteen of Paris?"]
    assert api.get("/users/admin-hr/export", headers=mine).status_code == 401
    assert api.get("/users/reader-paris/export", headers=OPERATOR).status_code == 200
    assert api.get("/users/nobody/export", headers=OPERATOR).status_code == 404
