"""Administration in a real browser: what is asked, who may come in, what is set."""

from playwright.sync_api import expect

from tests.browser.conftest import EXAMPLES, PASSWORD, sign_in

UNKNOWN = "Which colour has the moon base?"


def open_section(page, name):
    page.get_by_role("radio", name=name, exact=True).click()


def test_an_administrator_sees_use_and_changes_people_and_settings(guarded, open_page, ask):
    told, operate = guarded
    operate("POST", "/users", json={"name": "Root", "role": "admin"})
    operate("PUT", "/users/Root/password", json={"password": PASSWORD})
    content = (EXAMPLES / "handbook" / "leave-ireland.md").read_bytes()
    files = {"file": ("leave-ireland.md", content)}
    operate("POST", "/documents", files=files, data={"groups": ["everyone"]})

    page = open_page(told["url"])
    sign_in(page, "Root")
    expect(ask(page, UNKNOWN).locator(".philo-refusal")).to_be_visible()
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Administration")
    expect(page.locator(".philo-title", has_text=UNKNOWN)).to_be_visible()
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".philo-refusal")).to_be_visible()
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_text("asked 2 times")).to_be_visible()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("No question is waiting for a document.")).to_be_visible()

    open_section(page, "People")
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Anne")
    dialog.get_by_label("First password", exact=True).fill("short")
    dialog.get_by_role("button", name="Add a person").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("First password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Add a person").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("2 people")).to_be_visible()

    open_section(page, "Models")
    expect(page.get_by_text("Answers quote the documents")).to_be_visible()
    open_section(page, "Quality")
    expect(page.get_by_text("Nothing was measured yet.")).to_be_visible()
    open_section(page, "Audit log")
    page.get_by_role("button", name="Verify the whole log").click()
    expect(page.get_by_text("The chain is whole")).to_be_visible()
    expect(page.locator("summary", has_text="user.add").first).to_be_visible()

    open_section(page, "Settings")
    page.locator("summary", has_text="Finding (retrieval)").click()
    passages = page.get_by_label("passages", exact=True)
    passages.fill("0")
    page.get_by_role("button", name="Save").locator("visible=true").click()
    expect(page.get_by_role("alert").filter(has_text="retrieval.passages")).to_be_visible()
    passages.fill("6")
    page.get_by_role("button", name="Save").locator("visible=true").click()
    expect(page.get_by_text("restart philo")).to_be_visible()

    french = open_page(told["url"], locale="fr-FR", path="/administration?section=people")
    french.get_by_label("Nom").fill("Root")
    french.get_by_label("Mot de passe").fill(PASSWORD)
    french.get_by_role("button", name="Se connecter").click()
    expect(french.get_by_text("2 personnes")).to_be_visible()
    open_section(french, "Réglages")
    expect(french.locator("summary", has_text="Recherche (retrieval)")).to_be_visible()


def test_a_reader_has_no_administration(guarded, open_page):
    told, operate = guarded
    operate("POST", "/users", json={"name": "Anne"})
    operate("PUT", "/users/Anne/password", json={"password": PASSWORD})
    page = open_page(told["url"], path="/library")
    sign_in(page, "Anne")
    expect(page.get_by_role("button", name="Anne")).to_be_visible()
    expect(page.get_by_role("link", name="Administration")).to_have_count(0)
    page.goto(f"{told['url']}/administration?section=people")
    expect(page.get_by_text("This page is for those who administer Philo.")).to_be_visible()
