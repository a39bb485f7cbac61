"""The real service, `philo up`, and a real browser before it."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

EXAMPLES = Path(__file__).parents[2] / "examples"
PHILO = [sys.executable, "-c", "from assistant.cli import main; main()"]
ENVIRONMENT = os.environ | {"PHILO_MODELS__GENERATOR": "none"}
"""Answers are the documents' own sentences: the same page, a second instead of many."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "seven green lamps by the quay"
SLOWEST_ANSWER_MS = 20_000
expect.set_options(timeout=SLOWEST_ANSWER_MS)


@pytest.fixture(scope="session")
def running_service(tmp_path_factory):
    """`with running_service() as (address, ingest)`: `philo up` on a data directory of its own."""

    @contextmanager
    def run():
        data = tmp_path_factory.mktemp("data")
        with tempfile.TemporaryFile("w+") as log:
            service = subprocess.Popen(
                [*PHILO, "up", "--data", str(data), "--port", "0", "--json"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=ENVIRONMENT,
            )
            try:
                line = service.stdout.readline()
                assert line, "philo up did not start; its own words are below"
                yield json.loads(line)["url"], partial(ingest, data)
            finally:
                service.terminate()
                service.communicate(timeout=30)
                log.seek(0)
                print(log.read())  # pytest shows it beside a failure

    return run


def ingest(data, *paths, collection="default"):
    """Goes through the service that owns the data directory."""
    run_philo(data, "ingest", *map(str, paths), "--collection", collection)


def run_philo(data, *arguments, **environment):
    done = subprocess.run(
        [*PHILO, *arguments, "--data", str(data)],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT | environment,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="package")
def handbook(running_service, tmp_path_factory):
    """A service over three documents of the example handbook and 22 memos."""
    memos = tmp_path_factory.mktemp("memos")
    for number in range(22):
        text = f"# Memo {number:02d}\n\nRoom {number} was painted in spring.\n"
        (memos / f"{number:02d}.md").write_text(text, encoding="utf-8")
    names = ("teletravail.md", "leave-ireland.md", "securite-atelier.pdf")
    with running_service() as (address, ingest):
        ingest(memos, collection="memos")
        ingest(*(EXAMPLES / "handbook" / name for name in names))
        yield address


@pytest.fixture
def empty(running_service):
    """A service that knows nothing yet."""
    with running_service() as (address, _):
        yield address


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.fail(
            "the browser tests need Chromium; install it with: apt-get install -y chromium "
            "(Debian; Ubuntu: snap install chromium), or put a Chrome on the PATH"
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Opens pages and, at the end, holds them to what every page must keep: nothing asked of
    another host, nothing on the console, no dialog, no script from outside."""
    contexts, faults = [], []

    def watch(page, address):
        page.on("console", hear)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda asked: check(asked.url, address))

    def hear(said):
        # Streamlit looks for its server below the page's own address first, and finds it above.
        probe = re.search(r"/[a-z]+/_stcore/(health|host-config)$", said.location["url"])
        if said.type == "error" and not probe:
            faults.append(said.text)

    def check(url, address):
        if not url.startswith((address, address.replace("http", "ws", 1), "data:", "blob:")):
            faults.append(url)

    def open_(address, *, locale="en-GB", path="/", **options):
        context = browser.new_context(locale=locale, **options)
        contexts.append(context)
        context.on("page", lambda page: watch(page, address))
        page = context.new_page()
        page.goto(address + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def ask():
    def ask_(page, question):
        box = page.get_by_role("textbox", name="question", exact=False)
        box.fill(question)
        box.press("Enter")
        shown = page.get_by_test_id("stChatMessage").filter(has=page.locator(".philo-answer"))
        expect(page.locator(".philo-question").last).to_have_text(question)
        expect(page.locator(".philo-writing")).to_have_count(0)
        expect(page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning"
        )  # the field then takes the focus back, and open lists close
        return shown.last

    return ask_


@pytest.fixture(scope="session")
def upload():
    """Choose files and press the button once the browser has sent them."""

    def upload_(page, button, *files):
        adding = page.locator(".st-key-uploader")
        if not adding.locator("input[type=file]").is_visible():
            expect(adding).to_be_visible()
            if adding.locator("details[open]").count() == 0:
                adding.locator("summary").click()
        page.locator("input[type=file]").set_input_files(
            [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
        )
        expect(page.get_by_test_id("stFileChip").first).to_be_visible()
        expect(page.get_by_test_id("stFileChipIconSpinner")).to_have_count(0)
        page.get_by_role("button", name=button, exact=True).click()

    return upload_


@pytest.fixture
def guarded(tmp_path):
    """`philo up` where everybody has to sign in; asks its API as the operator's commands do."""
    environment = ENVIRONMENT | {
        "PHILO_MODELS__READER": "none",
        "PHILO_DATA": str(tmp_path),
        "PHILO_ACCESS__LOGIN": "required",
        "PHILO_ACCESS__SECRET_KEY": secrets.token_hex(32),
    }

    def operate(method, path, **body):
        service = json.loads((tmp_path / "service.json").read_text())
        bearer = {"Authorization": f"Bearer {service['token']}"}
        answer = httpx.request(method, service["url"] + path, headers=bearer, timeout=60, **body)
        answer.raise_for_status()

    with tempfile.TemporaryFile("w+") as log:
        command = [*PHILO, "up", "--port", "0", "--json"]
        service = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
        try:
            line = service.stdout.readline()
            assert line, "philo up did not start; its own words are below"
            yield json.loads(line), operate
        finally:
            service.terminate()
            service.communicate(timeout=30)
            log.seek(0)
            print(log.read())


def sign_in(page, name):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
