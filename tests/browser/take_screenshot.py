"""Takes docs/screenshot.png anew: pytest tests/browser/take_screenshot.py"""

from pathlib import Path

from playwright.sync_api import expect

PICTURE = Path(__file__).parents[2] / "docs" / "screenshot.png"
QUESTION = "Quelle quantité d'isopropanol peut-on garder à un poste ?"


def test_screenshot_is_taken(handbook, open_page, ask):
    page = open_page(handbook, locale="fr-FR", viewport={"width": 1280, "height": 800})
    answer = ask(page, QUESTION)
    answer.get_by_role("link", name="Source 1").click()
    expect(page.locator(".philo-box").first).to_be_in_viewport()
    page.mouse.move(0, 0)
    page.get_by_role("main").evaluate("main => main.scrollTo(0, 0)")
    page.screenshot(path=PICTURE)
    assert PICTURE.stat().st_size < 300_000
