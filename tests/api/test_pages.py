"""Pages of documents as pictures: where the words stand, and who may see them."""

import io

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

SENTENCE = "Each visitor wears a cobalt badge at all times."
WORD = "cobalt"
FONT, SIZE, LEFT, DOWN = "Helvetica", 14, 90, 300


def make_pdf(pages=2, rotate=0):
    """The sentence stands on the last page; the other ones hold something else."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4)
    for number in range(1, pages + 1):
        canvas.setFont(FONT, SIZE)
        canvas.setPageRotation(rotate)
        text = SENTENCE if number == pages else "Visitors are announced at the gate beforehand."
        canvas.drawString(LEFT, A4[1] - DOWN, text)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def place_of_word():
    """(left, right) in points, as the PDF was written."""
    left = LEFT + stringWidth(SENTENCE[: SENTENCE.index(WORD)], FONT, SIZE)
    return left, left + stringWidth(WORD, FONT, SIZE)


def upload(api, name, content, **data):
    report = api.post("/documents", files={"file": (name, content)}, data=data).json()
    assert not report["failed"], report
    query = {"q": name, "limit": 1}
    return api.get("/documents", params=query).json()["documents"][0]["id"]


@pytest.fixture(scope="module")
def visitors(api):
    return upload(api, "visitors.pdf", make_pdf())


def draw(api, document_id, number):
    answer = api.get(f"/documents/{document_id}/pages/{number}.png")
    answer.raise_for_status()
    picture = Image.open(io.BytesIO(answer.content)).convert("L")
    sides = float(answer.headers["X-Page-Width"]), float(answer.headers["X-Page-Height"])
    return picture, sides


def find_span(api, document_id, words):
    text = api.get(f"/documents/{document_id}/chunks").json()["chunks"]
    chunk = next(one for one in text if words in one["text"])
    start = chunk["start"] + chunk["text"].index(words)
    query = {"start": start, "end": start + len(words)}
    return api.get(f"/documents/{document_id}/span", params=query).json()


def test_a_span_s_box_lies_on_the_ink_of_its_word(api, visitors):
    span = find_span(api, visitors, WORD)
    picture, (width, height) = draw(api, visitors, span["page"])
    assert (span["page"], span["pages"], span["drawn"]) == (2, 2, True)
    assert span["text"] == WORD
    [box] = span["boxes"]
    left, right = place_of_word()
    # A line's width is shared out among its letters, which are not all as wide.
    assert box["x0"] == pytest.approx(left, abs=8)
    assert box["x1"] == pytest.approx(right, abs=8)
    scale = picture.width / width
    assert picture.height / height == pytest.approx(scale, rel=0.01)
    within = [round(box[side] * scale) for side in ("x0", "y0", "x1", "y1")]
    baseline = round(DOWN * scale)
    assert within[1] < baseline <= within[3] + 2
    ink = picture.crop(within).point(lambda grey: 255 * (grey < 128)).getbbox()
    assert ink is not None
    tall = within[3] - within[1]
    above = picture.crop((within[0], within[1] - tall, within[2], within[1]))
    assert above.getextrema()[0] > 128, "the box is lower than the word"


def test_a_turned_page_is_drawn_as_it_is_read(api):
    turned = upload(api, "turned.pdf", make_pdf(pages=1, rotate=90))
    span = find_span(api, turned, SENTENCE)
    picture, (width, height) = draw(api, turned, 1)
    assert (round(width), round(height)) == (595, 842)  # of a page that lies, and is turned
    [box] = span["boxes"]
    scale = picture.width / width
    ink = picture.point(lambda grey: 255 * (grey < 128)).getbbox()
    expected = [box[side] * scale for side in ("x0", "y0", "x1", "y1")]
    assert ink == pytest.approx(expected, abs=8 * scale)


def test_a_scan_is_drawn_in_the_points_of_its_boxes(api):
    picture, _ = draw(api, upload(api, "scan.pdf", make_pdf(pages=1)), 1)
    target = io.BytesIO()
    picture.save(target, "PNG", dpi=(144, 144))
    scan = upload(api, "scan.png", target.getvalue())
    drawn, (width, _) = draw(api, scan, 1)
    assert width == pytest.approx(picture.width / 2, abs=1)
    words = api.get(f"/documents/{scan}/chunks").json()["chunks"][0]["text"].split()
    [box] = find_span(api, scan, words[0])["boxes"]
    scale = drawn.width / width
    within = [round(box[side] * scale) for side in ("x0", "y0", "x1", "y1")]
    assert drawn.crop(within).getextrema()[0] < 128


def test_a_page_is_kept_by_the_browser_and_asked_for_again(api, visitors):
    first = api.get(f"/documents/{visitors}/pages/1.png")
    assert first.headers["Cache-Control"] == "private, no-cache"
    etag = {"If-None-Match": first.headers["ETag"]}
    assert api.get(f"/documents/{visitors}/pages/1.png", headers=etag).status_code == 304
    assert api.get(f"/documents/{visitors}/pages/2.png", headers=etag).status_code == 200


def test_what_has_no_such_page_says_so(api, visitors):
    assert api.get(f"/documents/{visitors}/pages/3.png").status_code == 404
    assert api.get(f"/documents/{visitors}/pages/0.png").status_code == 404
    note = upload(api, "note.md", b"# Note\n\nA short note without pages.\n")
    answer = api.get(f"/documents/{note}/pages/1.png")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "NoPageError")


def test_a_page_of_a_document_that_may_not_be_read_is_missing(api, tokens):
    secret = upload(api, "secret.pdf", make_pdf(), groups="board")
    for path in ("pages/1.png", "span?start=0&end=5", "original"):
        answer = api.get(f"/documents/{secret}/{path}", headers=tokens["outsider"])
        unknown = api.get(f"/documents/{'0' * 32}/{path}", headers=tokens["outsider"])
        assert answer.status_code == unknown.status_code == 404
        assert answer.json()["error"]["type"] == "DocumentNotFoundError"
        assert api.get(f"/documents/{secret}/{path}", headers=tokens["member"]).is_success


def test_a_file_of_a_folder_is_drawn_only_while_it_is_the_same(api, tmp_path):
    path = tmp_path / "from-folder.pdf"
    path.write_bytes(make_pdf())
    operator = {"Authorization": "Bearer the operator's own"}
    asked = {"paths": [str(tmp_path)], "collection": "folder"}
    api.post("/ingest", json=asked, headers=operator).raise_for_status()
    [found] = api.get("/documents", params={"q": "from-folder"}).json()["documents"]
    address = f"/documents/{found['id']}/pages/1.png"
    assert api.get(address).is_success
    assert api.get(f"/documents/{found['id']}/original").content == path.read_bytes()
    path.write_bytes(make_pdf(pages=3))
    changed = api.get(address)
    assert changed.status_code == 410
    assert "has changed" in changed.json()["error"]["message"]
    path.unlink()
    assert api.get(address).status_code == 410


def test_a_span_stands_in_the_text_of_its_section(api):
    note = upload(
        api,
        "sections.md",
        b"# Rules\n\n## First\n\nOne thing. Another thing. A third.\n\n## Second\n\nElsewhere.\n",
    )
    span = find_span(api, note, "Another thing.")
    assert (span["text"], span["drawn"]) == ("Another thing.", False)
    assert span["before"].endswith("One thing. ")
    assert span["after"].startswith(" A third.")
    gone = api.get(f"/documents/{note}/span", params={"start": 5000, "end": 5005}).json()
    assert gone["text"] == ""
