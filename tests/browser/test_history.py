"""Conversations that are kept, resumed, found, shared and deleted, in a real browser."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import expect

ALONE = "import streamlit, ui, uvicorn; uvicorn.run(streamlit.App(ui.PAGE), port={port})"
LEAVE = "How many days of annual leave do Dublin employees have in 2026?"
MEAL = "How much does a meal in the canteen cost?"
BONUS = "How high is the bonus of the chairman?"


def test_conversation_is_resumed_after_a_refresh_then_renamed_found_and_deleted(
    handbook, open_page, ask
):
    page = open_page(handbook)
    ask(page, LEAVE)
    expect(page.get_by_role("button", name="Save all")).to_be_visible()
    page.reload()
    expect(page.locator(".philo-question")).to_have_text(LEAVE)
    expect(page.locator(".philo-text")).to_contain_text("24 days")

    page.get_by_role("link", name="History").click()
    row = page.locator("[class*=st-key-row-]").filter(has_text=LEAVE).first
    row.get_by_role("button", name="Rename").click()
    name = page.get_by_role("dialog").get_by_label("Name")
    name.fill("Days off in Ireland")
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_text("No conversation has this")).to_be_visible()
    page.get_by_role("searchbox").fill("IRELAND")
    rows = page.locator("[class*=st-key-row-]")
    expect(rows).to_have_count(1)

    page.get_by_role("link", name="Days off in Ireland").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Days off in Ireland")
    expect(page.locator(".philo-text")).to_contain_text("24 days")

    page.get_by_role("link", name="History").click()
    page.get_by_role("searchbox").fill("ireland")
    expect(rows).to_have_count(1)
    row = rows.filter(has=page.get_by_role("link", name="Days off in Ireland"))
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No conversation has this")).to_be_visible()


def test_unknown_conversation_is_told_and_a_new_one_begins(handbook, open_page):
    for named in ("0" * 32, "<img src=x onerror=alert(1)>/../documents"):
        page = open_page(handbook, path=f"/?conversation={named}")
        expect(page.get_by_text("This conversation does not exist")).to_be_visible()
        expect(page.get_by_role("textbox", name="question", exact=False)).to_be_enabled()


def test_question_goes_to_the_conversation_in_which_it_was_typed(handbook, open_page, ask):
    """Also while the browser has not heard yet that its address changes."""
    page = open_page(handbook)
    held, holding = [], False

    def relay(browser):
        def pass_on(message):
            held.append((browser, message))
            if not holding:
                release()

        browser.connect_to_server().on_message(pass_on)

    def release():
        while held:
            browser, message = held.pop(0)
            browser.send(message)

    page.route_web_socket("**/_stcore/stream", relay)
    page.reload()
    ask(page, MEAL)
    box = page.get_by_role("textbox", name="question", exact=False)
    box.fill(BONUS)
    holding = True
    page.get_by_role("button", name="New conversation").click()
    page.wait_for_timeout(1000)  # the service has left the old one
    box.press("Enter")
    page.wait_for_timeout(1000)
    holding = False
    release()
    expect(page.get_by_role("heading", level=1)).to_have_text(BONUS)
    expect(page.locator(".philo-question")).to_have_text(BONUS)


@contextmanager
def page_of(address, token):
    """The page as one person's own: a process that asks the service with their token."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE.format(port=port)],
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PHILO_API_URL": f"{address}/api", "PHILO_API_TOKEN": token},
    )
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def firm(running_service, tmp_path):
    """(address, {name: token}): Anne is on the board, Bob is not."""
    (tmp_path / "canteen.md").write_text("# Canteen\n\nA meal in the canteen costs 7 euros.\n")
    board = b"# Board\n\nThe bonus of the chairman is 41,000 euros.\n"
    with running_service() as (address, ingest):
        ingest(tmp_path / "canteen.md")
        service = json.loads((ingest.args[0] / "service.json").read_text())
        operator = httpx.Client(
            base_url=service["url"], headers={"Authorization": f"Bearer {service['token']}"}
        )
        with operator:
            file = {"file": ("board.md", board)}
            operator.post("/documents", files=file, data={"groups": "board"}, timeout=60)
            tokens = {}
            for name, groups in {"Anne": ["board"], "Bob": []}.items():
                operator.post("/users", json={"name": name, "groups": groups})
                tokens[name] = operator.post("/tokens", json={"user": name}).json()["secret"]
        yield address, tokens


def test_shared_conversation_is_shown_as_far_as_its_reader_may_read(firm, open_page, ask):
    address, tokens = firm
    with page_of(address, tokens["Anne"]) as hers:
        page = open_page(hers)
        ask(page, MEAL)
        expect(ask(page, BONUS).locator(".philo-text")).to_contain_text("41,000")
        page.get_by_role("link", name="History").click()
        page.get_by_role("button", name="Share").click()
        page.get_by_role("combobox", name="Groups").fill("everyone")
        page.get_by_role("option", name="everyone", exact=True).click()
        page.keyboard.press("Tab")
        page.get_by_role("dialog").get_by_role("button", name="Keep").click()
        expect(page.get_by_text("shared with everyone")).to_be_visible()
        page.context.close()  # before its server goes
    with page_of(address, tokens["Bob"]) as his:
        page = open_page(his, path="/history")
        expect(page.get_by_text("shared by Anne")).to_be_visible()
        expect(page.get_by_role("button", name="Delete")).to_have_count(0)
        page.get_by_role("link", name=MEAL).click()
        expect(page.get_by_text("Anne shares this conversation")).to_be_visible()
        expect(page.locator(".philo-text")).to_contain_text("7 euros")
        expect(page.get_by_text("This answer is withheld.")).to_be_visible()
        expect(page.locator("body")).not_to_contain_text("41,000")
        expect(page.get_by_role("textbox", name="question", exact=False)).to_be_disabled()
        page.context.close()
