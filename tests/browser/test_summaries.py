"""The page of summaries, over the real service."""

import os
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

EXAMPLES = Path(__file__).parents[2] / "examples"
PAPERS = ("heat-pump-defrost.pdf", "afficheurs-consommation.pdf")


@pytest.fixture(scope="module")
def papers(running_service):
    with running_service() as (address, ingest):
        ingest(*(EXAMPLES / "papers" / name for name in PAPERS))
        yield address


@pytest.fixture(scope="module")
def many(running_service, tmp_path_factory):
    """More documents than are offered at once: a paper, and 60 memos that are newer."""
    memos = tmp_path_factory.mktemp("memos")
    for number in range(60):
        text = f"# Memo {number:02d}\n\nRoom {number} was painted in spring.\n"
        (memos / f"{number:02d}.md").write_text(text, encoding="utf-8")
    with running_service() as (address, ingest):
        ingest(EXAMPLES / "papers" / "heat-pump-defrost.pdf")
        ingest(memos)
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
    if shots := os.environ.get("PHILO_SHOTS"):
        page.screenshot(path=f"{shots}/points.png", full_page=True)
    with page.expect_download() as started:
        page.get_by_role("button", name="Save as PDF").click()
    assert started.value.path().read_bytes().startswith(b"%PDF")


def test_a_mark_opens_the_page_beside_the_summary(open_page, papers):
    page = open_summaries(open_page, papers, viewport={"width": 1280, "height": 800})
    choose(page, "heat pumps")
    page.get_by_role("button", name="Summarise").click()
    expect(page.get_by_role("button", name="Save as PDF")).to_be_visible()
    page.get_by_role("link", name="Source 2", exact=True).click()
    source = page.locator(".st-key-source")
    expect(source.get_by_text(re.compile(r"^Source 2 of \d"))).to_be_visible()
    expect(source.get_by_role("img", name=re.compile("^Page 1 of"))).to_be_visible()
    box = source.locator(".philo-box").first
    expect(box).to_be_in_viewport()
    points = page.locator(".philo-points")
    text = points.bounding_box()
    assert box.bounding_box()["x"] > text["x"] + text["width"] - 1, "the page is not beside"
    source.get_by_role("button", name="Previous").click()
    expect(source.get_by_text(re.compile(r"^Source 1 of \d"))).to_be_visible()
    expect(source.get_by_role("button", name="Previous")).to_be_disabled()
    expect(box).to_be_in_viewport()
    page.get_by_role("button", name="Summarise").click()
    expect(source).to_have_count(0)
    expect(points).to_be_visible()


def test_a_source_opens_below_the_summary_on_a_narrow_screen(open_page, papers):
    page = open_summaries(open_page, papers, locale="fr-FR", viewport={"width": 400, "height": 800})
    choose(page, "heat pumps")
    page.get_by_role("button", name="Résumer").click()
    expect(page.get_by_role("button", name="Enregistrer en PDF")).to_be_visible()
    page.get_by_role("link", name="Source 1", exact=True).press("Enter")
    box = page.locator(".philo-box").first
    expect(box).to_be_in_viewport()
    text = page.locator(".philo-points").bounding_box()
    assert box.bounding_box()["y"] > text["y"] + text["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_two_papers_stand_side_by_side_in_french(open_page, papers):
    page = open_summaries(open_page, papers, locale="fr-FR")
    page.get_by_text("Comparaison", exact=True).click()
    choose(page, "heat pumps", "afficheur")
    page.get_by_role("button", name="Résumer").click()
    expect(page.get_by_role("rowheader", name="Méthode")).to_be_visible()
    expect(page.get_by_text("est en anglais")).to_be_visible()
    if shots := os.environ.get("PHILO_SHOTS"):
        page.screenshot(path=f"{shots}/compare.png", full_page=True)


def test_a_document_is_found_among_more_than_are_offered(open_page, many):
    page = open_summaries(open_page, many)
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


def test_a_chosen_document_that_is_deleted_leaves_the_choice(open_page, many):
    page = open_summaries(open_page, many)
    search = page.get_by_label("Search by title")
    for number in ("11", "12"):
        search.fill(f"memo {number}")
        choose(page, f"Memo {number}")
    search.fill("defrost")
    chosen = page.get_by_role("button", name=re.compile("Memo 1[12]"))
    expect(chosen).to_have_count(2)
    listed = httpx.get(f"{many}/api/documents", params={"q": "memo 11"}).json()["documents"]
    httpx.delete(f"{many}/api/documents/{listed[0]['id']}").raise_for_status()
    page.get_by_text("Abstract", exact=True).click()
    expect(chosen).to_have_count(1)
    expect(chosen).to_have_accessible_name(re.compile("Memo 12"))
