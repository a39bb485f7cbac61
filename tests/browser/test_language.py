"""What Streamlit itself says, in the reader's language."""

import re

from playwright.sync_api import expect

from ui.language import words_of_streamlit

NONE_LEFT = """(english) => [...document.querySelectorAll("[data-testid=stApp] *")].every((one) => [
  one.ariaLabel, one.getAttribute("placeholder"),
  ...[...one.childNodes].filter((child) => child.nodeType === 3).map((child) => child.nodeValue),
].every((said) => !english.includes(said?.trim())))"""
PLACES = {"Historique": "history", "Résumés": "summaries", "Bibliothèque": "library"}


def test_no_word_that_has_a_french_one_is_left_in_a_french_page(handbook, open_page):
    english = [word for words in words_of_streamlit("fr").values() for word in words]
    page = open_page(handbook, locale="fr-FR")
    expect(page.get_by_role("textbox", name="question", exact=False)).to_be_visible()
    page.wait_for_function(NONE_LEFT, arg=english)
    for place, path in PLACES.items():
        page.get_by_role("link", name=place).click()
        expect(page).to_have_url(re.compile(f"/{path}"))
        expect(page.get_by_role("heading", level=1)).to_have_text(place)
        page.wait_for_function(NONE_LEFT, arg=english)


def test_words_follow_the_language_and_titles_stay_as_they_are(handbook, open_page):
    page = open_page(handbook, locale="fr-FR")
    page.get_by_role("link", name="Résumés").click()
    box = page.get_by_role("combobox")
    box.fill("qqq")
    expect(page.get_by_text("Aucun résultat")).to_be_visible()
    box.fill("memo 2")
    expect(
        page.get_by_role("option", name=re.compile(r"Sélectionner les \d+ résultats"))
    ).to_be_visible()
    page.get_by_role("option", name="Memo 21").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Retirer Memo 21")).to_be_attached()
    page.get_by_text("EN", exact=True).click()
    expect(page.get_by_role("button", name="Remove Memo 21")).to_be_attached()
    box.fill("qqq")
    expect(page.get_by_text("No results")).to_be_visible()
