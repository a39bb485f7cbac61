"""The page alone, its service gone."""

import os
import socket
import subprocess
import sys
import time

import httpx
import pytest
from playwright.sync_api import expect

ALONE = "import streamlit, ui, uvicorn; uvicorn.run(streamlit.App(ui.PAGE), port={port})"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_until_it_serves(address, process):
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(address, timeout=5)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"the page does not serve {address}")


@pytest.fixture
def page_alone():
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE.format(port=port)],
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PHILO_API_URL": f"http://127.0.0.1:{free_port()}/api"},
    )
    try:
        wait_until_it_serves(address, process)
        yield address, process
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_unreachable_service_is_explained(page_alone, open_page):
    address, _ = page_alone
    page = open_page(address)
    expect(page.get_by_role("alert")).to_contain_text("service cannot be reached")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Library")
    expect(page.get_by_role("alert")).to_contain_text("philo up")


def test_a_page_that_has_lost_its_server_says_so_in_words_of_philo(page_alone, browser):
    address, process = page_alone
    with browser.new_context(locale="en-GB") as context:  # its console is not quiet
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_role("alert")).to_be_visible()
        process.terminate()
        process.wait(timeout=30)
        expect(page.get_by_role("dialog")).to_contain_text("Philo does not answer")
        expect(page.get_by_role("dialog")).not_to_contain_text("Streamlit")
