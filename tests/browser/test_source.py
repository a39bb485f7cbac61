"""The source beside the answer, in a real browser."""

import pytest
from playwright.sync_api import expect
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

FONT, SIZE, LEFT, DOWN = "Helvetica", 12, 80, 400
BEFORE = "The gate opens at seven."
SENTENCE = "Each visitor wears a cobalt badge inside the plant."
QUESTION = "Which badge does each visitor wear inside the plant?"


@pytest.fixture(scope="module")
def visitors(running_service, tmp_path_factory):
    """A service over a PDF of two pages; the sentence stands on the second one."""
    path = tmp_path_factory.mktemp("visitors") / "visitors.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    for lines in (["Site rules", "This booklet is for guests of the plant."], [BEFORE, SENTENCE]):
        canvas.setFont(FONT, SIZE)
        for number, line in enumerate(lines):
            canvas.drawString(LEFT, A4[1] - DOWN - 40 * number, line)
        canvas.showPage()
    canvas.save()
    with running_service() as (address, ingest):
        ingest(path)
        yield address


def test_mark_opens_the_page_with_the_cited_words_marked(visitors, open_page, ask):
    page = open_page(visitors, viewport={"width": 1280, "height": 800})
    answer = ask(page, QUESTION)
    answer.get_by_role("link", name="Source 1").click()
    box = page.locator(".philo-box")
    expect(box).to_be_in_viewport()
    expect(page.get_by_role("img", name="Page 2 of")).to_be_visible()
    sheet = page.locator(".philo-sheet img").bounding_box()
    found = box.bounding_box()
    scale = sheet["width"] / A4[0]
    right = LEFT + stringWidth(SENTENCE, FONT, SIZE)
    assert found["x"] - sheet["x"] == pytest.approx(LEFT * scale, abs=4)
    assert found["x"] + found["width"] - sheet["x"] == pytest.approx(right * scale, abs=4)
    baseline = found["y"] + found["height"] - sheet["y"]
    assert baseline == pytest.approx((DOWN + 40) * scale, abs=5)
    assert found["height"] == pytest.approx(SIZE * scale, abs=6)
    text = answer.bounding_box()
    assert found["x"] > text["x"] + text["width"] - 1, "the page does not stand beside"
    page.get_by_role("button", name="Open the whole document").click()
    whole = page.get_by_role("dialog")
    expect(whole.get_by_role("img", name="Page 2 of")).to_be_visible()
    with page.expect_download() as started:
        whole.get_by_role("button", name="Save the file").click()
    assert started.value.path().read_bytes().startswith(b"%PDF")
    whole.get_by_role("button", name="Close").click()
    expect(whole).to_have_count(0)
    page.get_by_role("button", name="Close").click()
    expect(box).to_have_count(0)


def test_source_opens_below_the_answer_on_a_narrow_screen_by_keyboard(visitors, open_page, ask):
    page = open_page(visitors, locale="fr-FR", viewport={"width": 400, "height": 800})
    answer = ask(page, QUESTION)
    mark = answer.get_by_role("link", name="Source 1")
    mark.press("Enter")
    box = page.locator(".philo-box")
    expect(box).to_be_in_viewport()
    expect(page.locator(".st-key-source")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert box.bounding_box()["y"] > answer.bounding_box()["y"]
    page.get_by_role("button", name="Fermer").press("Enter")
    expect(mark).to_be_focused()


def test_text_without_pages_is_shown_with_the_span_marked(handbook, open_page, ask):
    page = open_page(handbook)
    answer = ask(page, "How many days of annual leave do Dublin employees have in 2026?")
    answer.get_by_role("link", name="Source 1").click()
    section = page.locator(".philo-section")
    expect(section.locator("mark")).to_contain_text("24 days")
    said = section.inner_text()
    assert len(said) > len(section.locator("mark").inner_text()) + 50
