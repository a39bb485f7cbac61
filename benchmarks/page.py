"""How long the page takes from an interaction to its first paint, with much in the library.

    python benchmarks/page.py [--data DIR] [--documents 100000] [--conversations 1000] [--rounds 10]

Without --data a directory is filled for it, which takes half an hour for 100,000 documents. Of each
interaction: `paint` is from the click or key to the first frame in which something of what was
asked for is on the screen, `whole` until all of it is; the clock starts in the browser, and of a
search with the last letter. Headless Chromium on the same machine; needs
Playwright. Prints a row for each: median and 95th percentile in ms, and the machine's load.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from page_filling import fill
from playwright.sync_api import Locator, Page, sync_playwright

PHILO = [sys.executable, "-c", "from assistant.cli import main; main()"]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
WAIT_MS = 30_000

WATCH = """
(wanted) => {
  let started = performance.now();
  for (const kind of ["click", "input"]) {
    addEventListener(kind, (event) => { started = event.timeStamp; }, {capture: true});
  }
  window.philoPainted = new Promise((resolve) => {
    const look = () => {
      const found = eval(wanted);
      if (found) {  // in the next frame it is on the screen
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
      } else if (performance.now() - started < 30000) {
        requestAnimationFrame(look);
      } else {
        resolve(-1);
      }
    };
    requestAnimationFrame(look);
  });
}
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--conversations", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or Path(folder)
        fill(data, documents=arguments.documents, conversations=arguments.conversations)
        with running_service(data) as address, opened_page(address) as page:
            measure(page, arguments.rounds)


@contextmanager
def running_service(data: Path) -> Iterator[str]:
    environment = os.environ | {"PHILO_MODELS__GENERATOR": "none"}
    service = subprocess.Popen(  # noqa: S603 - our own command
        [*PHILO, "up", "--data", str(data), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield json.loads(service.stdout.readline() if service.stdout else "")["url"]
    finally:
        service.terminate()
        service.wait(60)


@contextmanager
def opened_page(address: str) -> Iterator[Page]:
    found = next(filter(None, map(shutil.which, CHROMIUM)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(locale="en-GB", viewport={"width": 1280, "height": 900})
        page.set_default_timeout(WAIT_MS)
        page.goto(address)
        page.wait_for_selector("textarea")
        yield page
        browser.close()


def measure(page: Page, rounds: int) -> None:
    quiet = "document.querySelector('[data-test-script-state=notRunning]')"
    rows = "document.querySelectorAll('.philo-row:not(.philo-row-head)').length"
    titles = "[...document.querySelectorAll('h1')].map((one) => one.textContent.trim()).join()"
    first = (
        "document.querySelector('.philo-row:not(.philo-row-head) .philo-cell-title')?.textContent"
    )

    def link(name: str) -> Callable[[], None]:
        return lambda: page.get_by_role("link", name=name, exact=True).click()

    def press(name: str) -> Callable[[], None]:
        return lambda: page.get_by_role("button", name=name, exact=True).click()

    taken: dict[str, list[tuple[float, float]]] = {}

    def time_one(what: str, act: Callable[[], None], painted: str, whole: str) -> None:
        page.wait_for_function(quiet)
        page.evaluate(WATCH, painted)
        page.evaluate("() => { window.philoFirst = window.philoPainted }")
        page.evaluate(WATCH, f"({whole}) && {quiet}")
        act()
        both = page.evaluate("async () => [await window.philoFirst, await window.philoPainted]")
        taken.setdefault(what, []).append((both[0], both[1]))

    for round_ in range(rounds + 1):
        library = f"{titles} === 'Library' && {rows} > 0"
        time_one(
            "open Library",
            link("Library"),
            f"{titles} === 'Library'",
            f"{library} && {rows} === 20",
        )
        before = page.evaluate(f"() => {first}")
        other = f"{rows} && {first} !== {json.dumps(before)}"
        time_one("next page of the list", press("Next"), other, f"{other} && {rows} === 20")
        before = page.evaluate(f"() => {first}")
        other = f"{rows} && {first} !== {json.dumps(before)}"
        time_one("previous page", press("Previous"), other, f"{other} && {rows} === 20")
        number = f"{7 * round_:03d}31"
        time_one(
            "search by title",
            lambda number=number: search(page).press_sequentially(number, delay=0),
            f"{rows} && {rows} < 20",
            f"{rows} && {rows} < 20",
        )
        time_one(
            "forget the search", lambda: search(page).fill(""), f"{rows} === 20", f"{rows} === 20"
        )
        asked = "document.querySelector('textarea')"
        time_one("open Ask", link("Ask"), f"{titles} === 'Ask your documents'", asked)
        talks = "document.querySelectorAll('[class*=st-key-talk-] a').length"
        time_one("open History", link("History"), f"{titles} === 'History'", f"{talks} >= 20")
    report(taken)


def search(page: Page) -> Locator:
    return page.get_by_role("searchbox")


def report(taken: dict[str, list[tuple[float, float]]]) -> None:
    """The first round, in which much is read for the first time, is left out."""
    print(f"{'interaction':<24}{'paint':>8}{'p95':>8}{'whole':>8}{'p95':>8}   ms")
    for what, pairs in taken.items():
        paint, whole = ([pair[part] for pair in pairs[1:]] for part in (0, 1))
        figures = [*_middle_and_high(paint), *_middle_and_high(whole)]
        print(f"{what:<24}" + "".join(f"{one:>8.0f}" for one in figures))
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"load {load} on {os.cpu_count()} processors, {time.strftime('%Y-%m-%d %H:%M')}")


def _middle_and_high(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]


if __name__ == "__main__":
    main()
