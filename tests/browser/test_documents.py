"""Bringing documents in, finding and deleting them, in a real browser."""

from playwright.sync_api import expect

NOTE = b"# Canteen\n\n## Opening hours\n\nThe canteen opens at 11:40 and closes at 14:05.\n"
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
    rows = page.locator(".philo-row:not(.philo-row-head)")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Canteen")

    upload(page, "Add", ("canteen.md", NOTE))
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
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("25 documents")).to_be_visible()


def test_list_has_pages_and_is_searched_by_title(handbook, open_page):
    page = open_page(handbook, path="/documents", locale="fr-FR")
    rows = page.locator(".philo-row:not(.philo-row-head)")
    expect(rows).to_have_count(20)
    page.get_by_role("button", name="Page 2").click()
    expect(rows).to_have_count(5)
    search = page.get_by_role("searchbox")
    search.fill("télétravail")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Charte du télétravail")
    search.fill("no such title")
    expect(page.get_by_text("Aucun document n’a ces mots dans son titre.")).to_be_visible()


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


def test_what_failed_is_named_and_dismissed(empty, open_page, upload):
    page = open_page(empty, path="/documents", locale="fr-FR")
    upload(page, "Ajouter", ("bruit.txt", bytes(range(256)) * 9))
    failed = page.locator(".philo-pending")
    expect(failed).to_contain_text("bruit.txt")
    expect(failed).to_contain_text("fichier binaire")
    expect(page.get_by_text("1 document n’a pas pu être ajouté")).to_be_visible()
    page.get_by_role("button", name="Écarter").click()
    expect(failed).to_have_count(0)
