"""Sessions: how long they last, what ends them, and what they need to change anything."""

import re

import pytest

from assistant.access.attempts import FREE_OF_ACCOUNT
from assistant.api.reader import rights_of
from assistant.errors import AccessWithdrawnError
from tests.login.conftest import OPERATOR, PASSWORD


@pytest.fixture
def anne(house):
    house.add("Anne", role="editor", groups=["rh"])
    browser = house.browser()
    browser.sign_in("Anne")
    assert browser.is_signed_in
    return browser


def test_a_session_ends_when_it_is_not_used(house, anne):
    for _ in range(3):
        house.clock.pass_(minutes=100)
        assert anne.is_signed_in
    house.clock.pass_(minutes=121)
    assert not anne.is_signed_in


def test_a_session_ends_at_last_however_much_it_is_used(house, anne):
    for _ in range(11):
        house.clock.pass_(hours=1)
        assert anne.is_signed_in
    house.clock.pass_(hours=1)
    assert not anne.is_signed_in


@pytest.mark.parametrize(
    "change",
    [{"role": "reader"}, {"join": ["legal"]}, {"leave": ["rh"]}, {"disabled": True}],
)
def test_a_session_ends_at_once_when_its_owner_is_changed(house, anne, change):
    house.browser().patch("/api/users/Anne", json=change, headers=OPERATOR).raise_for_status()
    assert not anne.is_signed_in
    assert anne.get("/api/documents").status_code == 401


def test_a_session_stays_when_a_change_changes_nothing(house, anne):
    unchanged = {"role": "editor", "join": ["rh"]}
    house.browser().patch("/api/users/Anne", json=unchanged, headers=OPERATOR).raise_for_status()
    assert anne.is_signed_in


def test_a_new_password_ends_all_sessions_but_the_one_that_set_it(house, anne):
    other = house.browser()
    other.sign_in("Anne")
    new = "four boats under one bridge"
    wrong = anne.send_form(anne.account(), "/account/password", current="wrong", new=new, again=new)
    assert wrong.status_code == 401
    assert other.is_signed_in
    done = anne.send_form(anne.account(), "/account/password", current=PASSWORD, new=new, again=new)
    assert "The password is changed" in done.text
    assert anne.is_signed_in
    assert not other.is_signed_in
    assert house.browser().sign_in("Anne").status_code == 401
    assert house.log("password.change") == [("Anne", {"address": "192.0.2.7"})]


def test_the_operator_s_new_password_ends_sessions_and_the_pause(house, anne):
    for _ in range(5):
        house.browser().sign_in("Anne", "wrong")
    new = {"password": "four boats under one bridge"}
    house.browser().put("/api/users/Anne/password", json=new, headers=OPERATOR).raise_for_status()
    assert not anne.is_signed_in
    anne.sign_in("Anne", new["password"])
    assert anne.is_signed_in


@pytest.mark.parametrize("way", ["sign-out", "sign-out-everywhere"])
def test_an_answer_on_its_way_ends_with_the_session(house, anne, way):
    principal = house.login.session(anne.cookies["__Host-philo_session"]).principal
    readable_now = rights_of(house.assistant.library.people, principal)
    events = house.assistant.ask(
        "How many days of leave?", readable=principal.readable(), readable_now=readable_now
    )
    assert [one.title for one in next(events)] == ["Leave of rh"]
    anne.send_form(anne.account(), f"/account/{way}")
    with pytest.raises(AccessWithdrawnError, match="sign in again"):
        next(events)


def test_signing_out_everywhere(house, anne):
    other = house.browser()
    other.sign_in("Anne")
    anne.send_form(anne.account(), "/account/sign-out-everywhere")
    assert not anne.is_signed_in
    assert not other.is_signed_in
    assert house.log("sign_out.everywhere")[-1][1]["sessions"] == 2


def test_signing_in_again_makes_a_new_session_and_ends_the_old_one(house, anne):
    before = anne.cookies["__Host-philo_session"]
    anne.get("/account/sign-in")
    page = house.browser().get("/account/sign-in")
    assert "form" in page.text
    anne.send_form(anne.account(), "/account/sign-in", name="Anne", password=PASSWORD)
    after = anne.cookies["__Host-philo_session"]
    assert before != after
    old = house.browser()
    old.cookies.set("__Host-philo_session", before)
    assert not old.is_signed_in


def test_what_changes_something_needs_more_than_the_cookie(house, anne):
    question = {"question": "What is the code word?"}
    assert anne.post("/api/search", json=question).status_code == 403
    assert anne.delete("/api/me/sessions").status_code == 403
    wrong = {"X-Philo-CSRF": "0" * 64}
    assert anne.post("/api/search", json=question, headers=wrong).status_code == 403
    bob = house.browser()
    house.add("Bob")
    bob.sign_in("Bob")
    assert anne.post("/api/search", json=question, headers=bob.csrf()).status_code == 403
    assert anne.post("/api/search", json=question, headers=anne.csrf()).status_code == 200
    assert anne.post("/account/sign-out-everywhere").status_code == 403
    assert anne.is_signed_in


@pytest.mark.parametrize("cookie", ["", "x", "é", "0" * 5000, "a; b"])
def test_a_made_up_cookie_is_nobody_s(house, cookie):
    answer = house.browser().get(
        "/api/me", headers={"Cookie": f"__Host-philo_session={cookie}".encode()}
    )
    assert answer.status_code == 401


def test_two_people_never_read_with_each_other_s_eyes(house):
    browsers = {}
    for name, group in (("Anne", "rh"), ("Bob", "legal")):
        house.add(name, groups=[group])
        browsers[group] = house.browser()
        browsers[group].sign_in(name)
    for _ in range(3):
        for group, browser in browsers.items():
            listed = browser.get("/api/documents").json()["documents"]
            assert [one["title"] for one in listed] == [f"Leave of {group}"]


def test_a_token_still_works_beside_the_login_and_nothing_does_not(house):
    house.add("Anne", groups=["rh"])
    secret = house.assistant.people.create_token("Anne").secret
    plain = house.browser()
    shown = plain.get("/api/documents", headers={"Authorization": f"Bearer {secret}"})
    assert shown.json()["total"] == 1
    assert plain.get("/api/documents").status_code == 401
    assert plain.get("/api/health").status_code == 401
    assert plain.get("/api/documents", headers=OPERATOR).json()["total"] == 2


def test_one_makes_tokens_of_one_s_own_and_no_stronger_ones(house, anne):
    made = anne.send_form(anne.account(), "/account/tokens", name="bot", scope="write", days="30")
    secret = made.text.partition('class="secret">')[2].partition("<")[0]
    bearer = {"Authorization": f"Bearer {secret}"}
    assert house.browser().get("/api/me", headers=bearer).json()["name"] == "Anne"
    assert secret not in anne.account().text
    too_much = anne.send_form(anne.account(), "/account/tokens", name="x", scope="admin", days="1")
    assert too_much.status_code == 403
    (token,) = house.assistant.people.tokens("Anne")
    house.add("Bob")
    bob = house.browser()
    bob.sign_in("Bob")
    bob.send_form(bob.account(), "/account/tokens/revoke", token=token.id)
    assert house.browser().get("/api/me", headers=bearer).status_code == 200
    anne.send_form(anne.account(), "/account/tokens/revoke", token=token.id)
    assert house.browser().get("/api/me", headers=bearer).status_code == 401
    assert house.log("token.create")[-1][0] == "Anne"


@pytest.mark.parametrize("off", [{"days": 1}, {"days": -1}], ids=["ahead", "behind"])
def test_a_clock_that_was_a_day_off_keeps_nobody_out_and_nobody_in(house, anne, off):
    token = anne.send_form(anne.account(), "/account/tokens", name="b", scope="read", days="30")
    secret = re.search(r"philo_[\w-]+", token.text)[0]
    right = house.clock.now
    house.clock.pass_(**off)
    other = house.browser()
    other.sign_in("Anne")
    assert other.is_signed_in
    house.clock.now = right
    for browser in (anne, other):  # a session may have to be begun anew
        browser.sign_in("Anne")
        assert browser.is_signed_in
    bearer = {"Authorization": f"Bearer {secret}"}
    assert house.browser().get("/api/me", headers=bearer).status_code == 200
    house.clock.pass_(minutes=121)  # without a use, as ever
    assert not other.is_signed_in


def test_a_pause_that_was_begun_while_the_clock_was_ahead_is_none(house, anne):
    right = house.clock.now
    house.clock.pass_(days=1)
    for _ in range(FREE_OF_ACCOUNT):
        house.browser().sign_in("Anne", password="wrong")
    locked = house.browser()
    locked.sign_in("Anne")
    assert not locked.is_signed_in
    house.clock.now = right
    locked.sign_in("Anne")
    assert locked.is_signed_in
