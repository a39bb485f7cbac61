"""Passwords at the sign-in: right, wrong, too often wrong; and what the log says of it."""

import pytest

from tests.login.conftest import BASE, PASSWORD


def test_somebody_signs_in_and_out(house):
    house.add("Anne", groups=["rh"])
    browser = house.browser()
    assert browser.get("/api/documents").status_code == 401
    page = browser.sign_in("anne")
    assert "Anne" in page.text
    assert browser.me().json()["name"] == "Anne"
    listed = browser.get("/api/documents").json()["documents"]
    assert [one["title"] for one in listed] == ["Leave of rh"]
    gone = browser.send_form(page, "/account/sign-out")
    assert "You are signed out" in gone.text
    assert not browser.is_signed_in
    actions = [(who, entry) for who, entry in house.log() if who == "Anne"]
    assert ("Anne", {"address": "192.0.2.7", "method": "password"}) in actions
    assert house.log("sign_out")[-1] == ("Anne", {"address": "192.0.2.7"})


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http(house):
    house.add("Anne")
    browser = house.browser()
    page = browser.get("/account/sign-in")
    browser.follow_redirects = False
    answer = browser.send_form(page, "/account/sign-in", name="Anne", password=PASSWORD)
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if "philo_session" in one]
    assert cookie.startswith("__Host-philo_session=")
    for part in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


def test_a_refusal_never_says_why(house):
    house.add("Anne")
    house.add("Bob")
    house.add("Cleo", password=None)
    house.assistant.people.change_user("Bob", disabled=True)
    shown = set()
    for name, password in (
        ("Anne", "wrong"),
        ("Bob", PASSWORD),
        ("Cleo", PASSWORD),
        ("Cleo", ""),
        ("nobody", PASSWORD),
    ):
        answer = house.browser().sign_in(name, password)
        assert answer.status_code == 401
        shown.add(answer.text.partition("<main")[2].partition("<form")[0])
    assert len(shown) == 1


def test_after_five_failures_even_the_right_password_is_refused_for_a_while(house):
    house.add("Anne")
    browser = house.browser()
    for _ in range(5):
        browser.sign_in("Anne", "wrong")
    locked = browser.sign_in("Anne")
    assert locked.status_code == 401
    assert locked.text.count('role="alert"') == 1
    reasons = [entry["reason"] for _, entry in house.log("sign_in.refused")[-6:]]
    assert reasons == ["wrong"] * 5 + ["locked"]
    assert house.log("sign_in.locked")[-1] == ("Anne", {"address": "192.0.2.7"})
    house.clock.pass_(seconds=29)
    assert browser.sign_in("Anne").status_code == 401
    house.clock.pass_(seconds=2)
    browser.sign_in("Anne")
    assert browser.is_signed_in


def test_the_pause_doubles_and_outlives_a_restart(make_house):
    first = make_house()
    first.add("Anne")
    for _ in range(5):
        first.browser().sign_in("Anne", "wrong")
    first.clock.pass_(seconds=31)
    first.browser().sign_in("Anne", "wrong")  # the sixth: a minute
    restarted = make_house()
    restarted.clock.now = first.clock.now
    restarted.clock.pass_(seconds=45)
    assert restarted.browser().sign_in("Anne").status_code == 401
    restarted.clock.pass_(seconds=16)
    browser = restarted.browser()
    browser.sign_in("Anne")
    assert browser.is_signed_in


def test_an_address_that_tries_many_names_is_locked_and_others_are_not(house):
    house.add("Anne")
    attempts = house.login.attempts
    from assistant.access.attempts import Limit

    for number in range(20):
        attempts.begin(Limit.of_account(f"guess{number}"), Limit.of_address("192.0.2.66"))
    assert house.browser("192.0.2.66").sign_in("Anne").status_code == 401
    other = house.browser("192.0.2.8")
    other.sign_in("Anne")
    assert other.is_signed_in


def test_attempts_at_the_same_time_gain_nothing(house):
    from concurrent.futures import ThreadPoolExecutor

    from assistant.access.attempts import Limit

    limit = Limit.of_account("Anne")
    with ThreadPoolExecutor(8) as pool:
        tried = list(pool.map(lambda _: house.login.attempts.begin(limit), range(24)))
    assert sum(one.allowed for one in tried) == 5


def test_the_log_holds_no_password_and_no_name_that_nobody_has(house):
    house.add("Anne")
    browser = house.browser()
    browser.sign_in("Anne", "hunter2-typed-wrong")
    browser.sign_in("my secret in the wrong field", "x")
    browser.sign_in("Anne")
    told = str(house.log())
    assert "hunter2" not in told
    assert "wrong field" not in told
    assert PASSWORD not in told
    assert house.log("sign_in.refused")[-1][0] == "(unknown)"


def test_passwords_and_cookies_are_kept_as_hashes(house):
    house.add("Anne")
    browser = house.browser()
    browser.sign_in("Anne")
    secret = browser.cookies["__Host-philo_session"]
    path = house.assistant.library.database.path
    written = b"".join(file.read_bytes() for file in path.parent.glob("philo.db*"))
    assert b"$argon2id$v=19$" in written
    assert PASSWORD.encode() not in written
    assert secret.encode() not in written


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("fourteen chars", "short"),
        ("x" * 600, "long"),
        ("anne.martin likes lamps", "name"),
        ("xxanne.martinxx lamps", "name"),
        ("passwordpassword", "common"),
        ("123456789012345", "common"),
        ("aaaaaaaaaaaaaaaaaa", "common"),
        ("philophilophilophilo", "common"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(house, password, reason):
    from assistant.errors import WeakPasswordError

    house.add("Anne.Martin", password=None)
    with pytest.raises(WeakPasswordError) as refused:
        house.assistant.people.set_password("Anne.Martin", password)
    assert refused.value.reason == reason


@pytest.mark.parametrize("password", ["lampe verte et quai gris", "correct horse battery staple 9"])
def test_a_few_words_are_a_password_whatever_their_characters(house, password):
    house.add("Anne", password=password)
    browser = house.browser()
    browser.sign_in("Anne", password)
    assert browser.is_signed_in


def test_an_accent_is_the_same_however_it_is_typed(house):
    house.add("Anne", password="un été sans fenêtre bleue")
    browser = house.browser()
    browser.sign_in("Anne", "un e\u0301te\u0301 sans fene\u0302tre bleue")
    assert browser.is_signed_in


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        ("/account/?done=token_revoked", "/account/?done=token_revoked"),
        ("https://evil.example/", "/account/"),
        ("//evil.example/", "/account/"),
        ("/\\evil.example", "/account/"),
        ("javascript:alert(1)", "/account/"),
    ],
)
def test_signing_in_leads_to_no_other_site(house, target, reached):
    house.add("Anne")
    browser = house.browser()
    page = browser.get("/account/sign-in", params={"next": target})
    browser.follow_redirects = False
    answer = browser.send_form(page, "/account/sign-in", name="Anne", password=PASSWORD)
    assert answer.headers["location"] == reached


def test_a_form_of_another_site_signs_nobody_in(house):
    house.add("Anne")
    browser = house.browser()
    fields = {"name": "Anne", "password": PASSWORD}
    assert browser.post("/account/sign-in", data=fields).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    assert browser.post("/account/sign-in", data=fields, headers=foreign).status_code == 403
    other = house.browser().get("/account/sign-in")  # a form made for another browser
    assert browser.send_form(other, "/account/sign-in", **fields).status_code == 403
    assert not browser.is_signed_in


def test_the_pages_load_nothing_from_elsewhere_and_speak_french(house):
    answer = house.browser().get("/account/sign-in", headers={"Accept-Language": "fr-CA,en;q=0.5"})
    assert '<html lang="fr">' in answer.text
    assert "Mot de passe" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "http" not in answer.text.replace(BASE, "")
    assert "<script" not in answer.text
