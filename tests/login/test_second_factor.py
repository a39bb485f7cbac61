"""The second step at sign-in: codes of an application, and those for recovery."""

import re

import pyotp
import pytest

from tests.login.conftest import OPERATOR, PASSWORD


class Phone:
    """An authenticator application with the clock of the house."""

    def __init__(self, house, secret):
        self._house = house
        self.secret = secret

    def code(self):
        return pyotp.TOTP(self.secret).at(self._house.clock.now)


@pytest.fixture
def anne(house):
    house.add("Anne")
    browser = house.browser()
    browser.sign_in("Anne")
    return browser


@pytest.fixture
def phone(house, anne):
    page = anne.send_form(anne.account(), "/account/totp/offer", current=PASSWORD)
    assert "data:image/svg+xml" in page.text
    phone = Phone(house, re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)[1].replace(" ", ""))
    wrong = anne.send_form(page, "/account/totp/on", code="000000")
    assert wrong.status_code == 401
    done = anne.send_form(wrong, "/account/totp/on", code=phone.code())
    phone.recovery = re.findall(r"<li>([a-z0-9-]{19})</li>", done.text)
    assert len(phone.recovery) == 10
    house.clock.pass_(seconds=30)
    return phone


def test_a_code_is_asked_for_after_the_password(house, phone):
    browser = house.browser()
    page = browser.sign_in("Anne")
    assert "Second step" in page.text
    assert not browser.is_signed_in
    browser.send_form(page, "/account/code", code=phone.code())
    assert browser.is_signed_in
    assert house.log("sign_in")[-1][1]["method"] == "totp"


def test_a_code_is_good_once(house, phone):
    code = phone.code()
    for expected in (True, False):
        browser = house.browser()
        browser.send_form(browser.sign_in("Anne"), "/account/code", code=code)
        assert browser.is_signed_in is expected


def test_a_recovery_code_replaces_one_once(house, phone):
    for expected in (True, False):
        browser = house.browser()
        code = phone.recovery[0].upper().replace("-", " ")
        browser.send_form(browser.sign_in("Anne"), "/account/code", code=code)
        assert browser.is_signed_in is expected
    path = house.assistant.library.database.path
    written = b"".join(file.read_bytes() for file in path.parent.glob("philo.db*"))
    assert phone.recovery[1].replace("-", "").encode() not in written
    assert phone.secret.encode() not in written


def test_guessing_codes_is_paused(house, phone):
    browser = house.browser()
    page = browser.sign_in("Anne")
    for _ in range(5):
        page = browser.send_form(page, "/account/code", code="123456")
    browser.send_form(page, "/account/code", code=phone.code())
    assert not browser.is_signed_in
    assert house.log("sign_in.locked")[-1][0] == "Anne"


def test_the_second_step_needs_the_first_one_of_the_same_browser_and_soon(house, phone):
    other = house.browser()
    page = other.get("/account/sign-in")
    assert other.send_form(page, "/account/code", code=phone.code()).status_code == 401
    browser = house.browser()
    page = browser.sign_in("Anne")
    house.clock.pass_(seconds=301)
    assert browser.send_form(page, "/account/code", code=phone.code()).status_code == 401
    assert not browser.is_signed_in


def test_it_cannot_be_turned_on_or_off_at_an_unlocked_screen(house, anne, phone):
    refused = anne.send_form(anne.account(), "/account/totp/off", current="wrong")
    assert refused.status_code == 401
    assert "Second step" in house.browser().sign_in("Anne").text
    anne.send_form(anne.account(), "/account/totp/off", current=PASSWORD)
    browser = house.browser()
    browser.sign_in("Anne")
    assert browser.is_signed_in
    assert [house.log(action)[-1][0] for action in ("totp.on", "totp.off")] == ["Anne", "Anne"]


def test_the_operator_takes_it_away_from_who_has_lost_it(house, phone):
    house.browser().delete("/api/users/Anne/totp", headers=OPERATOR).raise_for_status()
    browser = house.browser()
    browser.sign_in("Anne")
    assert browser.is_signed_in
