"""What administrators may do, what not, and how the first one comes in."""

import pytest

from tests.login.conftest import PASSWORD


@pytest.fixture
def admin(house):
    house.add("Root", role="admin", groups=["rh"])
    browser = house.browser()
    browser.sign_in("Root")
    return browser


def test_an_administrator_cares_for_people_and_the_log_says_who_did(house, admin):
    body = {"name": "Bob", "role": "reader", "groups": ["legal"]}
    admin.post("/api/users", json=body, headers=admin.csrf()).raise_for_status()
    change = {"role": "editor"}
    admin.patch("/api/users/Bob", json=change, headers=admin.csrf()).raise_for_status()
    new = {"password": PASSWORD}
    admin.put("/api/users/Bob/password", json=new, headers=admin.csrf()).raise_for_status()
    bob = house.browser()
    bob.sign_in("Bob")
    assert bob.me().json()["role"] == "editor"
    for action in ("user.add", "user.change", "password.reset"):
        assert house.log(action)[-1][0] == "Root"
    assert PASSWORD not in str(house.log())


@pytest.mark.parametrize("role", ["reader", "editor"])
def test_nobody_else_does(house, admin, role):
    house.add("Eve", role=role)
    browser = house.browser()
    browser.sign_in("Eve")
    for path in ("users", "groups", "tokens", "audit", "indexes", "sources"):
        assert browser.get(f"/api/{path}").status_code == 403
        assert house.browser().get(f"/api/{path}").status_code == 401
        assert admin.get(f"/api/{path}").status_code == 200


def test_the_role_widens_nothing_that_is_read(house, admin):
    listed = admin.get("/api/documents").json()["documents"]
    assert [one["title"] for one in listed] == ["Leave of rh"]
    house.assistant.search("legalword", k=5, readable=_everything())
    shown = admin.get("/api/audit", params={"limit": 1000}).text
    assert "legalword" not in shown
    assert "legal.md" not in shown
    assert '"sha256"' in shown


def _everything():
    from assistant.types import OPERATOR

    return OPERATOR


@pytest.mark.parametrize("path", ["ingest", "ingest/watch"])
def test_files_of_the_machine_are_for_the_operator_alone(admin, path):
    answer = admin.post(f"/api/{path}", json={"paths": ["/etc"]}, headers=admin.csrf())
    assert answer.status_code in (401, 403)
    source = {"kind": "folder", "name": "etc", "options": {"path": "/etc"}}
    assert admin.post("/api/sources", json=source, headers=admin.csrf()).status_code == 403
    summary = {"files": ["/etc/hostname"]}
    refused = admin.post("/api/summaries/stream", json=summary, headers=admin.csrf())
    assert refused.status_code == 401


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("write", 403), ("admin", 200)])
def test_only_a_token_that_is_made_for_it_administers(house, admin, scope, status):
    made = admin.post("/api/tokens", json={"user": "Root", "scope": scope}, headers=admin.csrf())
    bearer = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert house.browser().get("/api/users", headers=bearer).status_code == status


@pytest.mark.parametrize("change", [{"role": "editor"}, {"disabled": True}, None])
def test_the_last_administrator_stays(house, admin, change):
    house.add("Was", role="admin")
    house.assistant.people.change_user("Was", disabled=True)

    def try_it():
        if change is None:
            return admin.delete("/api/users/Root", headers=admin.csrf())
        return admin.patch("/api/users/Root", json=change, headers=admin.csrf())

    refused = try_it()
    assert refused.status_code == 422
    assert "last administrator" in refused.json()["error"]["message"]
    house.assistant.people.change_user("Was", disabled=False)
    assert try_it().is_success
    assert not admin.is_signed_in


def test_the_first_administrator_comes_in_with_the_code_of_the_terminal_once(make_house):
    house = make_house()
    browser = house.browser()
    page = browser.get("/account/sign-in")
    assert "The first administrator" in page.text
    fields = {"name": "Root", "password": PASSWORD, "again": PASSWORD}
    wrong = browser.send_form(page, "/account/setup", code="AAAAA-AAAAA-AAAAA-AAAAA", **fields)
    assert "code is not right" in wrong.text
    code = house.login.setup_code
    weak = fields | {"password": "short", "again": "short"}
    refused = browser.send_form(wrong, "/account/setup", code=code, **weak)
    assert "too short" in refused.text
    assert house.assistant.people.users() == []
    browser.send_form(refused, "/account/setup", code=code.lower(), **fields)
    assert browser.me().json()["role"] == "admin"
    assert house.log("setup")[-1][0] == "Root"
    other = house.browser()
    page = other.get("/account/sign-in")
    assert "The first administrator" not in page.text
    other.send_form(page, "/account/setup", code=code, **fields | {"name": "Root2"})
    assert not other.is_signed_in
    assert [user.name for user in house.assistant.people.users()] == ["Root"]


def test_where_there_is_an_administrator_there_is_no_such_code(make_house, house):
    house.add("Root", role="admin", password=None)
    from tests.login.conftest import House

    assert House(house.assistant).login.setup_code is None
