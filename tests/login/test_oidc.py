"""Signing in at a provider of OpenID Connect, over HTTP, in all the ways that must not work."""

import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from assistant.access.settings import OidcSettings
from assistant.access.types import Role
from assistant.errors import PeopleError
from tests.login.conftest import House
from tests.login.provider import CLIENT, SECRET, serve_provider


@pytest.fixture(scope="module")
def running_provider():
    with serve_provider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider):
    running_provider.spoil = {}
    running_provider.person = {"sub": "u-1", "preferred_username": "anne", "groups": ["/rh"]}
    running_provider.asked.clear()
    return running_provider


@pytest.fixture(scope="module")
def connected_house(assistant, running_provider):
    return House(assistant, oidc=settings_of(running_provider))


@pytest.fixture
def house(connected_house, provider):
    connected_house.live_in()
    return connected_house


def settings_of(provider, **changed):
    told = {
        "issuer": provider.url,
        "client_id": CLIENT,
        "client_secret": SecretStr(SECRET),
        "label": "Lumière",
        "groups_claim": "groups",
        "groups": {"/rh": "rh", "/law": "legal"},
        "role_claim": "realm.roles",
        "roles": {"philo-admin": "admin", "philo-editor": "editor"},
    }
    return OidcSettings.model_validate(told | changed)


def go(browser, **query):
    """To the provider, who consents, and back to the page; the last answer, and the way back."""
    browser.follow_redirects = False
    away = browser.get("/account/provider", params=query).headers["location"]
    back = httpx.get(away, follow_redirects=False, trust_env=False).headers["location"]
    return browser.get(back), back


def test_somebody_is_known_from_the_first_sign_in_on(house, provider):
    browser = house.browser()
    assert "Sign in with Lumière" in browser.get("/account/sign-in").text
    answer, _ = go(browser, next="/account/")
    assert answer.headers["location"] == "/account/"
    me = browser.me().json()
    assert (me["name"], me["role"], me["groups"]) == ("anne", "reader", ["rh"])
    (user,) = house.assistant.people.users()
    assert user.sign_in == ["oidc"]
    assert house.log("sign_in")[-1] == ("anne", {"address": "192.0.2.7", "method": "oidc"})
    assert house.log("user.add")[-1][0] == "(provider)"
    go(house.browser())
    assert len(house.assistant.people.users()) == 1


def test_pkce_state_and_nonce_are_sent(house):
    browser = house.browser()
    browser.follow_redirects = False
    asked = parse_qs(urlsplit(browser.get("/account/provider").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["https://philo.example/account/callback"]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))


def test_groups_and_role_follow_the_claims_at_each_sign_in(house, provider):
    go(first := house.browser())
    provider.person |= {"groups": ["/law", "/other"], "realm": {"roles": ["philo-editor"]}}
    go(second := house.browser())
    me = second.me().json()
    assert (me["groups"], me["role"]) == (["legal"], "editor")
    assert not first.is_signed_in
    provider.person.pop("groups")
    go(third := house.browser())
    assert third.me().json()["groups"] == []


def test_groups_given_by_hand_stay_where_no_claim_is_named(make_house, provider):
    house = make_house(oidc=settings_of(provider, groups_claim=None, role_claim=None))
    go(house.browser())
    house.assistant.people.change_user("anne", role=Role.EDITOR, join=["rh"], leave=[])
    go(browser := house.browser())
    me = browser.me().json()
    assert (me["groups"], me["role"]) == (["rh"], "editor")


def test_claims_that_only_the_userinfo_endpoint_tells_count(house, provider):
    provider.person = {
        "sub": "u-2",
        "only_userinfo": {"preferred_username": "bob", "groups": ["/law"], "realm": {}},
    }
    go(browser := house.browser())
    assert browser.me().json()["groups"] == ["legal"]
    provider.spoil = {"userinfo": {"sub": "u-3"}}
    go(other := house.browser())
    assert not other.is_signed_in


@pytest.mark.parametrize(
    "spoil",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another client"}},
        {"claims": {"aud": [CLIENT, "another client"], "azp": "another client"}},
        {"claims": {"iss": "https://evil.example"}},
        pytest.param({"claims": {"exp": int(time.time()) - 120}}, id="expired"),
        {"claims": {"exp": None}},
        pytest.param({"claims": {"iat": int(time.time()) + 3600}}, id="of the future"),
        {"claims": {"sub": None}},
        {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"signature": "none"},
        {"signature": "another key"},
        {"signature": "the secret"},
        {"signature": "the public key as secret"},
        {"iss": "https://evil.example"},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore")  # joserfc warns of the weak keys that a test makes
def test_an_answer_that_is_not_good_signs_nobody_in(house, provider, spoil):
    provider.spoil = spoil
    browser = house.browser()
    answer, _ = go(browser)
    assert answer.status_code == 401
    assert "You could not be signed in" in answer.text
    assert not browser.is_signed_in
    assert house.assistant.people.users() == []
    who, told = house.log("sign_in.refused")[-1]
    assert who == "(unknown)"
    print(told["reason"])
    assert told["reason"].startswith(("the ID token is not good", "the answer comes from"))


def test_a_code_is_good_once_and_in_one_browser_only(house):
    browser = house.browser()
    _, back = go(browser)
    assert browser.is_signed_in
    assert browser.get(back).status_code == 401
    thief = house.browser()
    browser2 = house.browser()
    browser2.follow_redirects = False
    away = browser2.get("/account/provider").headers["location"]
    fresh = httpx.get(away, follow_redirects=False, trust_env=False).headers["location"]
    assert thief.get(fresh).status_code == 401
    kept = dict(browser2.cookies)
    assert browser2.get(fresh).status_code == 303
    again = house.browser()
    again.cookies.set("philo_oidc", kept["philo_oidc"], path="/account")
    assert again.get(fresh).status_code == 401


def test_another_state_is_refused(house):
    browser = house.browser()
    browser.follow_redirects = False
    away = browser.get("/account/provider").headers["location"]
    back = httpx.get(away, follow_redirects=False, trust_env=False).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    forged = {"code": code, "state": "forged"}
    assert browser.get("/account/callback", params=forged).status_code == 401


def test_a_provider_that_states_another_issuer_is_not_used(make_house, provider):
    house = make_house(oidc=settings_of(provider))
    provider.spoil = {"issuer": "https://evil.example"}
    answer = house.browser().get("/account/provider")
    assert answer.status_code == 502
    assert "cannot be reached" in answer.text


def test_new_keys_of_the_provider_are_found(house, provider, monkeypatch):
    go(house.browser())
    monkeypatch.setattr("assistant.access.oidc.KEYS_S", 0.0)
    provider.rotate()
    go(browser := house.browser())
    assert browser.is_signed_in


def test_a_name_that_somebody_else_has_is_not_taken_over(house, provider):
    house.add("Anne", role="admin", groups=["legal"])
    browser = house.browser()
    answer, _ = go(browser)
    assert answer.status_code == 401
    assert not browser.is_signed_in
    assert "already" in house.log("sign_in.refused")[-1][1]["reason"]


def test_a_user_who_cannot_be_known_again_is_not_made(house, provider):
    """Whoever is added without an identity could never sign in, and would hold the name."""
    people = house.assistant.library.people
    people.add_user("first", identity=(provider.url, "u-1"))
    with pytest.raises(PeopleError):
        people.add_user("second", identity=(provider.url, "u-1"))
    assert [user.name for user in people.users()] == ["first"]


def test_a_name_that_is_given_to_somebody_else_later_opens_no_account(house, provider):
    go(house.browser())
    provider.person = {"sub": "u-9", "preferred_username": "anne"}
    go(browser := house.browser())
    assert not browser.is_signed_in


def test_a_disabled_user_stays_outside(house, provider):
    go(house.browser())
    house.assistant.people.change_user("anne", disabled=True)
    go(browser := house.browser())
    assert not browser.is_signed_in


def test_the_last_administrator_stays_one_whatever_the_claims_say(house, provider):
    provider.person |= {"realm": {"roles": ["philo-admin"]}}
    go(house.browser())
    provider.person |= {"realm": {"roles": []}, "groups": ["/law"]}
    go(browser := house.browser())
    me = browser.me().json()
    assert (me["role"], me["groups"]) == ("admin", ["legal"])


def test_the_provider_is_asked_nothing_before_somebody_signs_in(make_house, provider):
    house = make_house(oidc=settings_of(provider))
    house.browser().get("/account/sign-in")
    assert provider.asked == []
