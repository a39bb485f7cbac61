"""The page of summaries, over the real service."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

EXAMPLES = Path(__file__).parents[2] / "examples"
PAPERS = ("heat-pump-defrost.pdf", "afficheurs-consommation.pdf")


@pytest.fixture(scope="module")
def papers(running_service):
    with running_service() as (address, ingest):
        ingest(*(EXAMPLES / "papers" / name for name in PAPERS))
        yield address


def open_summaries(open_page, papers, **options):
    page = open_page(papers, **options)
    page.get_by_role("link", name=re.compile("Summaries|Résumés")).click()
    return page


def choose(page, *titles):
    box = page.get_by_role("combobox")
    for title in titles:
        box.fill(title)
        page.get_by_role("option", name=re.compile(title)).click()
    page.keyboard.press("Escape")


def test_key_points_are_shown_with_their_sources_and_saved_as_a_file(open_page, papers):
    page = open_summaries(open_page, papers, locale="en-GB")
    choose(page, "heat pumps")
    page.get_by_role("button", name="Summarise").click()
    expect(page.get_by_role("button", name="Save as PDF")).to_be_visible()
    expect(page.locator(".philo-points li").first).to_be_visible()
    page.get_by_role("link", name="Source 1", exact=True).click()
    expect(page.locator("blockquote mark").first).to_be_visible()
    if shots := os.environ.get("PHILO_SHOTS"):
        page.screenshot(path=f"{shots}/points.png", full_page=True)
    with page.expect_download() as started:
        page.get_by_role("button", name="Save as PDF").click()
    assert started.value.path().read_bytes().startswith(b"%PDF")


def test_two_papers_stand_side_by_side_in_french(open_page, papers):
    page = open_summaries(open_page, papers, locale="fr-FR")
    page.get_by_text("Comparaison", exact=True).click()
    choose(page, "heat pumps", "afficheur")
    page.get_by_role("button", name="Résumer").click()
    expect(page.get_by_role("rowheader", name="Méthode")).to_be_visible()
    expect(page.get_by_text("est en anglais")).to_be_visible()
    if shots := os.environ.get("PHILO_SHOTS"):
        page.screenshot(path=f"{shots}/compare.png", full_page=True)


def test_a_document_is_found_among_more_than_are_offered(open_page, running_service, tmp_path):
    for number in range(60):
        text = f"# Memo {number:02d}\n\nRoom {number} was painted in spring.\n"
        (tmp_path / f"{number:02d}.md").write_text(text, encoding="utf-8")
    with running_service() as (address, ingest):
        ingest(EXAMPLES / "papers" / "heat-pump-defrost.pdf")
        ingest(tmp_path)
        page = open_summaries(open_page, address)
        box, search = page.get_by_role("combobox"), page.get_by_label("Search by title")
        box.fill("heat pumps")
        expect(page.get_by_text("No results")).to_be_visible()
        page.keyboard.press("Escape")
        search.fill("defrost")
        choose(page, "heat pumps")
        search.fill("memo 07")
        choose(page, "Memo 07")
        expect(page.get_by_role("button", name=re.compile("heat pumps"))).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("Memo 07"))).to_be_visible()
        page.get_by_text("Comparison", exact=True).click()
        page.get_by_role("button", name="Summarise").click()
        expect(page.get_by_role("rowheader", name="Method")).to_be_visible()
        page.close()
