"""Takes the pictures in docs/screenshots anew: make screenshots

The first start, and every view of the page over the examples: with a login, two groups, questions
that were answered and refused, a folder as a source, two evaluations.
"""

import json
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import EXAMPLES, PASSWORD, run_philo
from tests.browser.test_summaries import choose

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
SLOWEST_MS = 120_000
COLOURS = 64
WIDE = {"width": 1280, "height": 860}
NARROW = {"width": 400, "height": 800}
ISOPROPANOL = "Quelle quantité d'isopropanol peut-on garder à un poste ?"
LEAVE = "How many days of annual leave do Dublin employees have in 2026?"
CHAIR = "Quelle aide l'entreprise verse-t-elle pour acheter un siège ?"
WORLD_CUP = "Who won the football world cup in 1998?"
MOON = "Which colour has the moon base?"
HANDBOOK = EXAMPLES / "handbook"
PAPERS = ("heat-pump-defrost.pdf", "afficheurs-consommation.pdf")
READERS = {"parentalite.docx": ["hr"], "purchasing-approvals.xlsx": ["operations"]}
COLLECTIONS = {
    "hr": ("conges-et-absences.md", "leave-ireland.md", "parentalite.docx", "teletravail.md"),
    "operations": ("securite-atelier.pdf", "purchasing-approvals.xlsx", "it-security.md"),
    "products": ("lm-240-specification.pdf", "retours-et-garantie.md"),
}


@pytest.fixture
def company(guarded, tmp_path):
    """Address of a service with documents and people; its first administrator is Root."""
    told, operate = guarded
    operate("POST", "/users", json={"name": "Root", "role": "admin"})
    operate("PUT", "/users/Root/password", json={"password": PASSWORD})
    for name, role, group in (("Anne", "editor", "hr"), ("Bob", "reader", "operations")):
        operate("POST", "/users", json={"name": name, "role": role, "groups": [group]})
    for collection, names in COLLECTIONS.items():
        for name in names:
            sharing = {"collection": collection, "groups": READERS.get(name, ["everyone"])}
            bring_in(operate, name, (HANDBOOK / name).read_bytes(), **sharing)
    for name in PAPERS:
        content = (EXAMPLES / "papers" / name).read_bytes()
        bring_in(operate, name, content, collection="papers", groups=["everyone"])
    folder = ("folder", "intranet", "--option", f"path={HANDBOOK}", "--every", "daily 02:30")
    run_philo(tmp_path, "sources", "add", *folder, "--collection", "intranet")
    questions = write_set(tmp_path / "questions")
    for weight in ("0.0", "0.5"):
        run_philo(tmp_path, "eval", str(questions), PHILO_RETRIEVAL__DENSE_WEIGHT=weight)
    return told["url"]


def bring_in(operate, name, content, **sharing):
    files = {"file": (name, content)}
    operate("POST", "/documents", params={"wait": False}, files=files, data=sharing)


def write_set(folder):
    """The examples' questions over the handbook's Markdown, as `philo eval` reads them."""
    folder.mkdir()
    texts = {one.name: one.read_text(encoding="utf-8") for one in sorted(HANDBOOK.glob("*.md"))}
    lines = (EXAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    asked = [one for one in asked if Path(one.get("document") or "").name in texts]
    corpus = [{"_id": name, "title": name, "text": text} for name, text in texts.items()]
    queries = [{"_id": one["_id"], "text": one["question"]} for one in asked]
    for name, rows in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        (folder / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    relevant = [f"{one['_id']}\t{Path(one['document']).name}\t1" for one in asked]
    (folder / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *relevant]), "utf-8")
    return folder


@pytest.mark.timeout(1800)
def test_every_view(company, open_page, ask):
    for old in PICTURES.glob("*.png"):
        old.unlink()
    expect.set_options(timeout=SLOWEST_MS)
    french = open_page(company, locale="fr-FR", viewport=WIDE)
    french.set_default_timeout(SLOWEST_MS)
    take(french, "sign-in-fr")
    french.get_by_label("Nom").fill("Root")
    french.get_by_label("Mot de passe").fill(PASSWORD)
    french.get_by_role("button", name="Se connecter").click()
    expect(french.get_by_role("button", name="Root")).to_be_visible()
    take(french, "ask-empty-fr")
    ask(french, CHAIR)
    french.get_by_role("button", name="Nouvelle conversation").click()
    answer = ask(french, ISOPROPANOL)
    answer.get_by_role("link", name="Source 1").click()
    expect(french.locator(".philo-box").first).to_be_in_viewport()
    take(french, "ask-fr")
    french.set_viewport_size(NARROW)
    take(french, "ask-narrow-fr")

    cookies = french.context.storage_state()
    english = open_page(company, viewport=WIDE, color_scheme="dark", storage_state=cookies)
    ask(english, WORLD_CUP)
    take(english, "refusal-dark-en")
    english.get_by_role("button", name="New conversation").click()
    answer = ask(english, LEAVE)
    answer.get_by_role("link", name="Source 1").click()
    expect(english.locator(".philo-section mark")).to_be_in_viewport()
    take(english, "ask-dark-en")
    english.get_by_role("button", name="New conversation").click()
    ask(english, MOON)

    pages = {
        "light-en": open_page(company, viewport=WIDE, storage_state=cookies),
        "dark-fr": open_page(
            company, viewport=WIDE, storage_state=cookies, color_scheme="dark", locale="fr-FR"
        ),
    }
    narrow = open_page(company, viewport=NARROW, storage_state=cookies)
    for view in ("history", "library", "summaries"):
        for kind, page in pages.items():
            visit(page, company, view)
            take(page, f"{view}-{kind}")
        visit(narrow, company, view)
        take(narrow, f"{view}-narrow-en")
    light, dark = pages["light-en"], pages["dark-fr"]
    visit(light, company, "summaries")
    choose(light, "heat pumps")
    light.get_by_role("button", name="Summarise").click()
    expect(light.get_by_role("button", name="Save as PDF")).to_be_visible()
    light.get_by_role("link", name="Source 4", exact=True).click()
    expect(light.locator(".philo-box").first).to_be_in_viewport()
    take(light, "summary-points-light-en")
    visit(dark, company, "summaries")
    dark.get_by_text("Comparaison", exact=True).click()
    choose(dark, "heat pumps", "afficheur")
    dark.get_by_role("button", name="Résumer").click()
    expect(dark.get_by_role("rowheader", name="Méthode")).to_be_visible()
    take(dark, "summary-compare-dark-fr")
    visit(dark, company, "library")
    dark.get_by_role("button", name="Partager").first.click()
    expect(dark.get_by_role("dialog")).to_be_visible()
    take(dark, "library-share-dark-fr")
    for section in ("usage", "people", "work", "models", "quality", "audit", "settings"):
        for kind, page in pages.items():
            visit(page, company, f"administration?section={section}")
            take(page, f"admin-{section}-{kind}")
        visit(narrow, company, f"administration?section={section}")
        take(narrow, f"admin-{section}-narrow-en")
    visit(light, company, "administration?section=people")
    light.get_by_role("button", name="Add a person").click()
    expect(light.get_by_role("dialog")).to_be_visible()
    take(light, "admin-people-add-light-en")
    visit(dark, company, "administration?section=settings")
    dark.locator("summary", has_text="(answering)").click()
    take(dark, "admin-settings-open-dark-fr")


def visit(page, address, path):
    page.goto(f"{address}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def take(page, name):
    """With few colours: a quarter of the bytes, and the same to the eye."""
    if "/account/" not in page.url:
        app = page.get_by_test_id("stApp")
        expect(app).to_have_attribute("data-test-script-state", "notRunning")
    page.mouse.move(0, 0)
    page.evaluate("document.querySelector('.stMain')?.scrollTo(0, 0)")
    page.wait_for_timeout(1000)  # until tables are drawn
    place = PICTURES / f"{name}.png"
    page.screenshot(path=place)
    with Image.open(place) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(place, optimize=True)


def test_first_start(guarded, open_page):
    told, _ = guarded
    page = open_page(told["url"], locale="fr-FR", viewport=WIDE)
    page.set_default_timeout(SLOWEST_MS)
    expect(page.get_by_label("Code d’installation")).to_be_visible()
    take(page, "first-start-fr")
    page.get_by_label("Code d’installation").fill(told["setup_code"])
    page.get_by_label("Nom").fill("Camille")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_label("encore une fois").fill(PASSWORD)
    page.get_by_role("button", name="Créer le compte").click()
    expect(page.get_by_role("button", name="Ajouter des documents")).to_be_visible()
    take(page, "first-documents-fr")
    page.get_by_role("button", name="Ajouter des documents").click()
    page.get_by_text("Un dossier", exact=True).click()
    expect(page.locator("input[type=file][webkitdirectory]")).to_be_attached()
    take(page, "first-folder-fr")
