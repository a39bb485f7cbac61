"""Who asks over HTTP: the operator, or somebody with a token."""

import pytest

OPERATOR = {"Authorization": "Bearer the operator's own"}
QUESTION = "How many days of leave?"
SECRETS = {"hr": "Mareva", "legal": "Tibidabo"}


@pytest.fixture(scope="module")
def api(empty_api):
    for group, secret in SECRETS.items():
        text = f"# Leave of {group}\n\nThe code word of leave days in {group} is {secret}.\n"
        empty_api.post(
            "/documents",
            files={"file": (f"{group}.md", text.encode())},
            data={"groups": [group]},
        ).raise_for_status()
    return empty_api


@pytest.fixture(scope="module")
def as_user(api):
    """name -> headers with a token; users are in the group of their name."""
    made = {}

    def headers(name, role="reader", scope="read"):
        if (name, role, scope) not in made:
            user = f"{name}-{role}-{scope}"
            body = {"name": user, "role": role, "groups": [name]}
            api.post("/users", json=body, headers=OPERATOR).raise_for_status()
            token = api.post("/tokens", json={"user": user, "scope": scope}, headers=OPERATOR)
            made[name, role, scope] = {"Authorization": f"Bearer {token.json()['secret']}"}
        return made[name, role, scope]

    return headers


def test_everything_that_is_read_follows_the_token(api, as_user):
    hr = as_user("hr")
    listed = api.get("/documents", headers=OPERATOR).json()["documents"]
    foreign = next(one["id"] for one in listed if "legal" in one["title"])
    answers = [
        api.get("/documents", headers=hr),
        api.get("/search", params={"q": "code word of leave days", "k": 50}, headers=hr),
        api.post("/ask", json={"question": "What is the code word in legal?"}, headers=hr),
        api.post("/ask/stream", json={"question": "What is the code word?"}, headers=hr),
        api.get("/jobs", headers=hr),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert SECRETS["legal"] not in answer.text
        assert foreign not in answer.text
    assert SECRETS["hr"] in answers[1].text
    assert api.get("/health", headers=hr).json()["documents"] == 1
    missing = api.get("/documents/0123456789abcdef0123456789abcdef", headers=hr)
    for path in (f"/documents/{foreign}", f"/documents/{foreign}/chunks"):
        told = api.get(path, headers=hr)
        assert told.status_code == missing.status_code == 404
        assert told.text.replace(foreign, "ID") == missing.text.replace(
            "0123456789abcdef0123456789abcdef", "ID"
        )


def test_the_operator_may_ask_as_somebody_and_nobody_else_may(api, as_user):
    as_user("hr")
    chosen = {"X-Philo-As": "HR-reader-read"}
    found = api.get("/search", params={"q": "code word"}, headers=OPERATOR | chosen)
    assert SECRETS["hr"] in found.text
    assert SECRETS["legal"] not in found.text
    for headers in (chosen, as_user("legal") | chosen):
        assert api.get("/search", params={"q": "code word"}, headers=headers).status_code == 401
    nobody = OPERATOR | {"X-Philo-As": "nobody"}
    assert api.get("/documents", headers=nobody).status_code == 404


@pytest.mark.parametrize("token", ["philo_wrong", "Bearer", "x" * 5000, "philo_é"])
def test_a_wrong_token_is_never_taken_for_none(api, token):
    answer = api.get("/documents", headers={"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401
    assert answer.json()["error"]["message"]


def test_readers_change_nothing(api, as_user):
    listed = api.get("/documents", headers=OPERATOR).json()["documents"]
    own = next(one["id"] for one in listed if "of hr" in one["title"])
    for headers in (as_user("hr"), as_user("hr", "reader", "write"), as_user("hr", "editor")):
        assert api.delete(f"/documents/{own}", headers=headers).status_code == 403
        refused = api.post("/documents", files={"file": ("n.md", b"# N\n\nText.")}, headers=headers)
        assert refused.status_code == 403
    assert api.get(f"/documents/{own}", headers=OPERATOR).status_code == 200


def test_an_editor_shares_with_own_groups_and_replaces_nobodys_document(api, as_user):
    editor = as_user("legal", "editor", "write")
    text = b"# Mine\n\nA text about the code word of editors.\n"
    foreign = api.post(
        "/documents",
        files={"file": ("hr.md", text)},
        data={"groups": ["hr"]},
        headers=editor,
    )
    assert foreign.status_code == 403
    api.post("/documents", files={"file": ("hr.md", text)}, headers=editor).raise_for_status()
    listed = api.get("/documents", headers=OPERATOR).json()["documents"]
    assert {one["title"] for one in listed} >= {"Mine", "Leave of hr"}
    mine = next(one for one in listed if one["title"] == "Mine")
    assert (mine["groups"], mine["users"]) == ([], ["legal-editor-write"])
    seen = api.get("/documents", headers=as_user("hr")).json()["documents"]
    assert "Mine" not in {one["title"] for one in seen}


def test_groups_count_from_the_next_request_on(api, as_user):
    headers = as_user("hr")
    api.patch("/users/hr-reader-read", json={"leave": ["hr"]}, headers=OPERATOR).raise_for_status()
    assert api.get("/documents", headers=headers).json()["total"] == 0
    api.patch("/users/hr-reader-read", json={"join": ["hr"]}, headers=OPERATOR).raise_for_status()
    assert api.get("/documents", headers=headers).json()["total"] == 1


def test_nobody_is_added_with_a_weak_password(api):
    eve = {"name": "Eve", "role": "reader", "groups": ["hr"]}
    refused = api.post("/users", json=eve | {"password": "short"}, headers=OPERATOR)
    assert refused.json()["error"]["type"] == "WeakPasswordError"
    assert "Eve" not in [one["name"] for one in api.get("/users", headers=OPERATOR).json()]
    strong = eve | {"password": "seven green lamps by the quay"}
    api.post("/users", json=strong, headers=OPERATOR).raise_for_status()


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/users"), ("POST", "/users"), ("GET", "/groups"), ("GET", "/tokens")],
)
def test_people_are_the_operators_affair(api, as_user, method, path):
    assert api.request(method, path).status_code in (401, 422)
    answer = api.request(method, path, headers=as_user("hr", "admin", "write"), json={"name": "x"})
    assert answer.status_code in (401, 403)
