"""Bringing documents in, finding and deleting them, in a real browser."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import run_philo

NOTE = b"# Canteen\n\n## Opening hours\n\nThe canteen opens at 11:40 and closes at 14:05.\n"
ROWS = ".philo-row:not(.philo-row-head)"
QUESTION = "When does the canteen open?"


def test_first_document_is_brought_in_asked_about_and_deleted(empty, open_page, ask, upload):
    page = open_page(empty)
    expect(page.get_by_text("There are no documents yet")).to_be_visible()
    page.get_by_role("button", name="Add documents").click()

    upload(page, "Add", ("canteen.md", NOTE), ("broken.docx", b""))
    expect(page.get_by_text("canteen.md was added.")).to_be_visible()
    failed = page.get_by_role("alert")
    expect(failed).to_contain_text("broken.docx could not be added.")
    expect(failed).to_contain_text("empty")
    rows = page.locator(ROWS)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Canteen")

    upload(page, "Add", ("canteen.md", NOTE))
    expect(page.get_by_text("canteen.md was already there, unchanged.")).to_be_visible()
    expect(failed).to_have_count(0)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")

    page.get_by_role("button", name="View", exact=True).click()
    text = page.get_by_role("dialog")
    expect(text).to_contain_text("The canteen opens at 11:40 and closes at 14:05.")
    page.keyboard.press("Escape")
    expect(text).to_have_count(0)

    page.get_by_role("link", name="Ask").click()
    answer = ask(page, QUESTION)
    expect(answer.locator(".philo-text")).to_contain_text("11:40")

    page.get_by_role("link", name="Library").click()
    pick(page, "Canteen")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 1 document").click()
    expect(page.get_by_text("1 document deleted.")).to_be_visible()
    expect(page.get_by_text("There are no documents yet.")).to_be_visible()
    page.get_by_role("link", name="Ask").click()
    answer = ask(page, QUESTION)
    expect(answer.locator(".philo-refusal")).to_be_visible()
    expect(answer.locator("summary")).to_have_count(0)


def pick(page, title):
    spoken = " ".join(re.sub(r"[\W_]+", " ", title).split())
    page.get_by_role("checkbox", name=spoken).locator("xpath=ancestor::label").click()


def test_deletion_says_how_many_and_is_asked_about_first(handbook, open_page):
    page = open_page(handbook, path="/library")
    expect(page.locator(ROWS)).to_have_count(20)
    page.get_by_text("Select this page").click()
    expect(page.get_by_text("20 selected")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete 20 documents?")
    expect(dialog).to_contain_text("And 15 more.")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("1 to 20 of 25 documents")).to_be_visible()


def test_list_has_pages_and_is_searched_and_filtered(handbook, open_page):
    page = open_page(handbook, path="/library", locale="fr-FR")
    rows = page.locator(ROWS)
    expect(rows).to_have_count(20)
    page.get_by_role("button", name="Suivant").click()
    expect(rows).to_have_count(5)
    expect(page.get_by_text("21 à 25 sur 25 documents")).to_be_visible()
    page.get_by_role("button", name="Précédent").click()
    expect(rows).to_have_count(20)
    search = page.get_by_role("searchbox")
    search.fill("télétravail")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Charte du télétravail")
    search.fill("no such title")
    expect(page.get_by_text("Aucun document ne correspond.")).to_be_visible()
    search.fill("")
    page.get_by_role("combobox", name="Collection").click()
    page.get_by_role("option", name="default").click()
    expect(rows).to_have_count(3)
    page.get_by_role("combobox", name="Type").click()
    page.get_by_role("option", name="PDF").click()
    expect(rows).to_have_count(1)


def test_a_page_of_a_document_is_shown_as_it_looks(handbook, open_page):
    page = open_page(handbook, path="/library")
    page.get_by_role("searchbox").fill("atelier")
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="View", exact=True).click()
    picture = page.get_by_role("dialog").locator(".philo-sheet img")
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.naturalWidth") > 300
    page.get_by_role("radio", name="Text as it is searched").click()
    expect(page.get_by_role("dialog").locator(".philo-piece").first).to_be_visible()


def test_what_is_picked_is_moved_and_shared(handbook, open_page):
    page = open_page(handbook, path="/library")
    page.get_by_role("searchbox").fill("leave")
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("These groups and users").click()
    dialog.get_by_role("button", name="Remove everyone").click()
    groups = dialog.get_by_role("combobox", name="Groups")
    groups.fill("managers")
    page.get_by_role("option", name="managers").click()
    page.keyboard.press("Escape")  # closes the list of options
    dialog.get_by_role("button", name="Change 1 document").click()
    expect(page.get_by_text("1 document has new readers.")).to_be_visible()
    expect(page.locator(ROWS)).to_contain_text("managers")
    pick(page, "Leave")
    page.get_by_role("button", name="Move", exact=True).click()
    dialog.get_by_role("combobox", name="Collection").fill("personnel")
    page.get_by_role("option", name="personnel").click()
    dialog.get_by_role("button", name="Move 1 document").click()
    expect(page.locator(ROWS)).to_contain_text("personnel")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog.get_by_text("As the source or the collection says").click()
    expect(groups).to_have_count(0)  # the button moves up into its place
    dialog.get_by_role("button", name="Change 1 document").click()
    expect(page.locator(ROWS)).to_contain_text("everyone")
    pick(page, "Leave")
    page.get_by_role("button", name="Move", exact=True).click()
    dialog.get_by_role("combobox", name="Collection").fill("default")
    page.get_by_role("option", name="default").click()
    dialog.get_by_role("button", name="Move 1 document").click()
    expect(page.locator(ROWS)).to_contain_text("default")


def test_question_can_be_narrowed_to_a_collection(handbook, open_page, ask):
    page = open_page(handbook)
    question = "How many days of annual leave do Dublin employees have in 2026?"
    expect(ask(page, question).locator(".philo-text")).to_contain_text("24 days")
    page.locator("summary", has_text="Search only in…").click()
    page.get_by_role("combobox", name="Collections").click()
    page.get_by_role("option", name="memos").click()
    page.keyboard.press("Escape")  # closes the list of options
    expect(page.get_by_text("Only some documents are searched")).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    answer = ask(page, question)
    expect(answer.locator(".philo-refusal")).to_be_visible()
    expect(answer).not_to_contain_text("annual leave")


def test_what_failed_is_named_tried_again_and_dismissed(empty, open_page, upload):
    page = open_page(empty, path="/library", locale="fr-FR")
    upload(page, "Ajouter", ("bruit.txt", bytes(range(256)) * 9))
    expect(page.get_by_role("alert")).to_contain_text("fichier binaire")
    page.get_by_text("À régler (1)").click()
    failed = page.locator(".philo-pending")
    expect(failed).to_contain_text("bruit.txt")
    expect(failed).to_contain_text("fichier binaire")
    pick(page, "bruit.txt")
    page.get_by_role("button", name="Réessayer").click()
    page.get_by_role("dialog").get_by_role("button", name="Réessayer : 1 document").click()
    said = page.get_by_text("1 document est repris.")
    expect(said).to_be_visible()
    expect(page.get_by_text("À régler (1)")).to_be_visible()
    page.wait_for_timeout(2500)  # it has failed again, and the page has followed
    expect(said).to_be_visible()
    pick(page, "bruit.txt")
    page.get_by_role("button", name="Écarter").click()
    page.get_by_role("dialog").get_by_role("button", name="Écarter : 1 document").click()
    expect(failed).to_have_count(0)
    expect(page.get_by_text("À régler (0)")).to_be_visible()


def test_a_source_says_how_it_stands_and_is_brought_in_at_once(
    running_service, open_page, tmp_path
):
    (tmp_path / "hours.md").write_text("# Hours\n\nThe shop opens at nine.\n", encoding="utf-8")
    with running_service() as (address, ingest):
        [data] = ingest.args
        folder = ("folder", "shop", "--option", f"path={tmp_path}", "--every", "daily 02:30")
        run_philo(data, "sources", "add", *folder)
        page = open_page(address, path="/library")
        page.get_by_text("Sources", exact=True).click()
        row = page.locator(".philo-pending")
        expect(row).to_contain_text("every day at 02:30")
        page.get_by_role("button", name="Bring in now").click()
        expect(page.get_by_text("1 added, 0 updated, 0 removed, 0 failed.")).to_be_visible()
        page.reload()
        page.get_by_text("Sources", exact=True).click()
        expect(row).to_contain_text("last complete run")
        expect(row).to_contain_text("next run")
        page.close()
