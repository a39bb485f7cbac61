"""The login in a real browser: the first administrator, two people side by side, signing out."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import EXAMPLES, PASSWORD, sign_in


def test_people_sign_in_see_their_own_and_are_gone_at_once(guarded, open_page):
    told, operate = guarded
    address = told["url"]
    for name, group in (("leave-ireland.md", "hr"), ("teletravail.md", "paris")):
        content = (EXAMPLES / "handbook" / name).read_bytes()
        operate("POST", "/documents", files={"file": (name, content)}, data={"groups": [group]})

    root = open_page(address)
    expect(root).to_have_url(re.compile("/account/setup"))
    root.get_by_label("Setup code").fill(told["setup_code"])
    root.get_by_label("Name").fill("Root")
    root.get_by_label("Password", exact=True).fill(PASSWORD)
    root.get_by_label("again").fill(PASSWORD)
    root.get_by_role("button", name="Create the account").click()
    expect(root.get_by_role("button", name="Root")).to_be_visible()

    for name, group in (("Anne", "hr"), ("Bob", "paris")):
        operate("POST", "/users", json={"name": name, "groups": [group]})
        operate("PUT", f"/users/{name}/password", json={"password": PASSWORD})
    pages = {}
    for name in ("Anne", "Bob"):
        pages[name] = open_page(address, path="/library")
        sign_in(pages[name], name)
        expect(pages[name].get_by_role("button", name=name)).to_be_visible()
    own, others = "Leave and absence", "télétravail"
    for name, seen, hidden in (("Anne", own, others), ("Bob", others, own)):
        expect(pages[name].get_by_text(seen).first).to_be_visible()
        expect(pages[name].get_by_text(hidden)).to_have_count(0)

    operate("PATCH", "/users/Anne", json={"disabled": True})
    pages["Anne"].get_by_role("link", name="Ask").click()
    expect(pages["Anne"].get_by_text("You are signed out")).to_be_visible()
    expect(pages["Anne"].get_by_text(own)).to_have_count(0)

    pages["Bob"].get_by_role("button", name="Bob").click()
    pages["Bob"].get_by_role("button", name="Sign out").click()
    expect(pages["Bob"]).to_have_url(re.compile("/account/sign-in"))
    expect(pages["Bob"].get_by_text("You are signed out")).to_be_visible()
    pages["Bob"].goto(address + "/library")
    expect(pages["Bob"]).to_have_url(re.compile("/account/sign-in"))
