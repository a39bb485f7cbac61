"""The first two minutes: from a service that knows nobody and nothing to a cited answer."""

import re
import shutil
import time

from playwright.sync_api import expect

from tests.browser.conftest import EXAMPLES, PASSWORD

WITHIN_S = 120
QUESTION = "Combien de jours de congé annuel les salariés de Dublin ont-ils en 2026 ?"


def test_a_newcomer_has_a_cited_answer_within_two_minutes(guarded, open_page, ask, tmp_path):
    told, _ = guarded
    folder = tmp_path / "handbook"
    (folder / "ireland").mkdir(parents=True)
    shutil.copy(EXAMPLES / "handbook" / "leave-ireland.md", folder / "ireland" / "leave.md")
    shutil.copy(EXAMPLES / "handbook" / "teletravail.md", folder / "leave.md")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")

    page = open_page(told["url"], locale="en-GB")
    started = time.monotonic()
    expect(page).to_have_url(re.compile("/account/setup"))
    page.get_by_role("link", name="FR").click()
    page.get_by_label("Code d’installation").fill(told["setup_code"])
    page.get_by_label("Nom").fill("Camille")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_label("encore une fois").fill(PASSWORD)
    page.get_by_role("button", name="Créer le compte").click()

    expect(page.get_by_role("heading", name="Interrogez vos documents")).to_be_visible()
    page.get_by_role("button", name="Ajouter des documents").click()
    page.get_by_text("Un dossier", exact=True).click()
    page.locator("input[type=file][webkitdirectory]").set_input_files(folder)
    expect(page.get_by_test_id("stFileChip")).to_have_count(3)
    page.get_by_role("button", name="Ajouter", exact=True).click()
    expect(page.get_by_text("handbook/leave.md a été ajouté.")).to_be_visible()
    expect(page.get_by_text("handbook/ireland/leave.md a été ajouté.")).to_be_visible()
    expect(page.get_by_text("1 fichier caché du dossier n’a pas été envoyé.")).to_be_visible()

    page.get_by_role("link", name="Questions").click()
    answer = ask(page, QUESTION)
    expect(answer.locator(".philo-text")).to_contain_text("24")
    answer.get_by_role("link", name="Source 1").click()
    expect(page.locator(".philo-section mark")).to_be_visible()
    assert time.monotonic() - started < WITHIN_S
