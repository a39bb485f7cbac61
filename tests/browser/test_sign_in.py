"""The login in a real browser: the first administrator, two people side by side, signing out."""

import json
import re
import secrets
import subprocess
import tempfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ENVIRONMENT, EXAMPLES, PHILO

PASSWORD = "seven green lamps by the quay"


@pytest.fixture
def guarded(tmp_path):
    """`philo up` where everybody has to sign in; runs commands beside it."""
    environment = ENVIRONMENT | {
        "PHILO_MODELS__READER": "none",
        "PHILO_DATA": str(tmp_path),
        "PHILO_ACCESS__LOGIN": "required",
        "PHILO_ACCESS__SECRET_KEY": secrets.token_hex(32),
    }

    def philo(*arguments, said=""):
        command = [*PHILO, *map(str, arguments)]
        return subprocess.run(command, env=environment, input=said, text=True, check=True)

    with tempfile.TemporaryFile("w+") as log:
        command = [*PHILO, "up", "--port", "0", "--json"]
        service = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
        try:
            line = service.stdout.readline()
            assert line, "philo up did not start; its own words are below"
            yield json.loads(line), philo
        finally:
            service.terminate()
            service.communicate(timeout=30)
            log.seek(0)
            print(log.read())


def sign_in(page, name):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_people_sign_in_see_their_own_and_are_gone_at_once(guarded, open_page):
    told, philo = guarded
    address = told["url"]
    handbook = EXAMPLES / "handbook"
    philo("ingest", handbook / "leave-ireland.md", "--groups", "hr")
    philo("ingest", handbook / "teletravail.md", "--groups", "paris")

    root = open_page(address)
    expect(root).to_have_url(re.compile("/account/setup"))
    root.get_by_label("Setup code").fill(told["setup_code"])
    root.get_by_label("Name").fill("Root")
    root.get_by_label("Password", exact=True).fill(PASSWORD)
    root.get_by_label("again").fill(PASSWORD)
    root.get_by_role("button", name="Create the account").click()
    expect(root.get_by_role("button", name="Root")).to_be_visible()

    for name, group in (("Anne", "hr"), ("Bob", "paris")):
        philo("users", "add", name, "--groups", group)
        philo("users", "password", name, said=PASSWORD)
    pages = {}
    for name in ("Anne", "Bob"):
        pages[name] = open_page(address, path="/documents")
        sign_in(pages[name], name)
        expect(pages[name].get_by_role("button", name=name)).to_be_visible()
    own, others = "Leave and absence", "télétravail"
    for name, seen, hidden in (("Anne", own, others), ("Bob", others, own)):
        expect(pages[name].get_by_text(seen).first).to_be_visible()
        expect(pages[name].get_by_text(hidden)).to_have_count(0)

    philo("users", "change", "Anne", "--disable")
    pages["Anne"].get_by_role("link", name="Ask").click()
    expect(pages["Anne"].get_by_text("You are signed out")).to_be_visible()
    expect(pages["Anne"].get_by_text(own)).to_have_count(0)

    pages["Bob"].get_by_role("button", name="Bob").click()
    pages["Bob"].get_by_role("button", name="Sign out").click()
    expect(pages["Bob"]).to_have_url(re.compile("/account/sign-in"))
    expect(pages["Bob"].get_by_text("You are signed out")).to_be_visible()
    pages["Bob"].goto(address + "/documents")
    expect(pages["Bob"]).to_have_url(re.compile("/account/sign-in"))
