"""Bringing documents in, finding and deleting them, in a real browser."""

import pytest
from playwright.sync_api import expect

NOTE = b"# Canteen\n\n## Opening hours\n\nThe canteen opens at 11:40 and closes at 14:05.\n"
QUESTION = "When does the canteen open?"


@pytest.fixture(scope="module")
def long_list(serving_texts):
    """A service over 22 memos, and one note in a collection of its own."""
    memos = {f"{n:02d}.md": f"# Memo {n:02d}\n\nRoom {n} was painted.\n" for n in range(22)}
    keys = {"keys.md": "# Keys\n\nThe code of the blue cabinet is 4471.\n"}
    with serving_texts({"memos": memos, "keys": keys}) as address:
        yield address


def upload(page, *files):
    page.locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
    )
    page.get_by_role("button", name="Add", exact=True).click()


def test_first_document_is_brought_in_asked_about_and_deleted(empty, open_page, ask):
    page = open_page(empty)
    expect(page.get_by_text("There are no documents yet")).to_be_visible()
    page.get_by_role("button", name="Add documents").click()

    upload(page, ("canteen.md", NOTE), ("broken.docx", b""))
    expect(page.get_by_text("canteen.md was added.")).to_be_visible()
    failed = page.get_by_role("alert")
    expect(failed).to_contain_text("broken.docx could not be added.")
    expect(failed).to_contain_text("empty")
    rows = page.locator(".philo-row:not(.philo-row-head)")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Canteen")

    upload(page, ("canteen.md", NOTE))
    expect(page.get_by_text("canteen.md was already there, unchanged.")).to_be_visible()
    expect(failed).to_have_count(0)

    page.get_by_role("button", name="Text").click()
    text = page.get_by_role("dialog")
    expect(text).to_contain_text("The canteen opens at 11:40 and closes at 14:05.")
    page.keyboard.press("Escape")
    expect(text).to_have_count(0)

    page.get_by_role("link", name="Ask").click()
    answer = ask(page, QUESTION)
    expect(answer.locator(".philo-text")).to_contain_text("11:40")

    page.get_by_role("link", name="Documents").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("There are no documents yet.")).to_be_visible()
    page.get_by_role("link", name="Ask").click()
    answer = ask(page, QUESTION)
    expect(answer.locator(".philo-refusal")).to_be_visible()
    expect(answer.locator("summary")).to_have_count(0)


def test_deletion_is_asked_about_first(handbook, open_page):
    page = open_page(handbook, path="/documents")
    rows = page.locator(".philo-row:not(.philo-row-head)")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(rows).to_have_count(3)


def test_list_is_searched_by_title(handbook, open_page):
    page = open_page(handbook, path="/documents", locale="fr-FR")
    rows = page.locator(".philo-row:not(.philo-row-head)")
    search = page.get_by_role("searchbox")
    search.fill("télétravail")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("FR")
    search.fill("no such title")
    expect(page.get_by_text("Aucun document n’a ces mots dans son titre.")).to_be_visible()


def test_long_list_has_pages_and_collections_narrow_a_question(long_list, open_page, ask):
    page = open_page(long_list, path="/documents")
    rows = page.locator(".philo-row:not(.philo-row-head)")
    expect(rows).to_have_count(20)
    page.get_by_role("button", name="Page 2").click()
    expect(rows).to_have_count(3)
    page.get_by_role("searchbox").fill("Memo 07")
    expect(rows).to_have_count(1)

    page.get_by_role("link", name="Ask").click()
    answer = ask(page, "What is the code of the blue cabinet?")
    expect(answer.locator(".philo-text")).to_contain_text("4471")
    page.get_by_role("combobox").click()
    page.get_by_role("option", name="memos").click()
    expect(page.get_by_role("button", name="New conversation")).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    answer = ask(page, "What is the code of the blue cabinet?")
    expect(answer.locator(".philo-refusal")).to_be_visible()
