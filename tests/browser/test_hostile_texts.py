"""Texts that would like to run, load or dress up: shown letter by letter, they do nothing."""

import itertools

import pytest
from playwright.sync_api import expect

HOSTILE = [
    "<script>fetch('http://evil.example/1')</script>",
    "<img src=http://evil.example/2.png onerror=alert(2)>",
    "<svg onload=alert(3)></svg>",
    "<iframe src='http://evil.example/4'></iframe>",
    "<a href='javascript:alert(5)'>five</a>",
    "<style>body{background:url(http://evil.example/6)}</style>",
    "<details open ontoggle=alert(7)>seven</details>",
    "<form action=http://evil.example/8><button>Delete</button></form>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/9'>",
    "<base href=http://evil.example/10/>",
    "![ten](http://evil.example/11.png)",
    "[twelve](javascript:alert(12))",
    "<http://evil.example/13> www.evil.example https://evil.example/13b",
    "data:text/html,<script>alert(14)</script>",
    "$\\href{javascript:alert(15)}{x}$ $$\\frac{1}{2}$$",
    ":red[sixteen] :material/delete: :smile: :blue-background[x]",
    "</div></p><h1>Philo: enter your password</h1>",
    "{question} {0} %s {{7*7}} ${7*7}",
    "&lt;script&gt;alert(19)&lt;/script&gt; &#60;img&#62;",
    "<object data=http://evil.example/20></object><embed src=http://evil.example/20>",
]
TARGETS = [
    "http://evil.example/{n}.png", "//evil.example/{n}", "javascript:alert({n})",
    "JaVa&#x53;cRiPt:alert({n})", "data:text/html,<script>alert({n})</script>",
    "data:image/svg+xml,<svg/onload=alert({n})>", "vbscript:msgbox({n})", "file:///etc/passwd?{n}",
]  # fmt: skip
FORMS = [
    "[a]({t})", "![a]({t})", "[a](<{t}>)", '[a]({t} "title")', "[![a]({t})]({t})",
    "[a][r{n}]\n[r{n}]: {t}", "![a][r{n}]\n[r{n}]: <{t}> 'title'", "[r{n}]\n\n[r{n}]: {t}",
    "<{t}>", "<a href='{t}'>a</a>", "<a href={t} target=_top>a</a>", "<img src='{t}'>",
    "<img srcset='{t} 2x'>", "<video src='{t}' autoplay></video>", "<link href='{t}' rel=icon>",
    "<svg><a xlink:href='{t}'><text>a</text></a></svg>", "<button formaction='{t}'>a</button>",
    "<div style=\"background:url('{t}')\">a</div>", "<input type=image src='{t}'>",
    "<table background='{t}'><td>a</table>", "| a |\n|---|\n| ![a]({t}) |", "- [ ] [a]({t})",
    "```mermaid\nclick a '{t}'\n```",
]  # fmt: skip
MANY = HOSTILE + [
    form.format(t=target.format(n=number), n=number)
    for number, (form, target) in enumerate(itertools.product(FORMS, TARGETS), start=100)
]
FORBIDDEN = ", ".join(
    f"body {name}"
    for name in (
        "img", "svg[onload]", "iframe", "object", "embed", "form[action]", "base", ".katex",
        "meta", "details[ontoggle]", "a[href*=evil]", "a[href^=java]", "a[href^=data]",
        "a[href^=vbscript]", "a[href^=file]", "video", "input[type=image]", "[formaction]",
        "table[background]", "[style*=evil]", "link[href*=evil]",
    )
)  # fmt: skip
TITLE = "Headings $x$ :red[y] &lt;script&gt;alert(21)&lt;/script&gt; ![i](http://evil.example)"
NAME = "<img src=x onerror=alert(22)> $x$ :red[b].txt"
MENTION = "The treasure of the zebra lies under the old oak in Lyon"


def test_there_are_two_hundred_of_them() -> None:
    assert len({*MANY}) >= 200


@pytest.fixture(scope="module")
def hostile(running_service, tmp_path_factory):
    """A service over documents whose titles, headings, texts, names and collection are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    for number, text in enumerate(HOSTILE):
        (folder / f"title-{number:02d}.txt").write_text(f"{text}\n\nA short note.\n", "utf-8")
    parts = [f"{MENTION} {number}: {text}" for number, text in enumerate(MANY)]
    (folder / NAME).write_text("\n\n".join(["Zebra treasure", *parts]), "utf-8")
    sections = [
        f"## Part {number}: {text}\n\nThis part of the document is about: {text}"
        for number, text in enumerate(HOSTILE)
    ]
    (folder / "headings.md").write_text("\n\n".join([f"# {TITLE}", *sections]), "utf-8")
    with running_service() as (address, ingest):
        ingest(folder, collection="<b>c</b> $x$ :red[c]")
        yield address


def spoiled(page):
    """What the page itself never holds, so that one of them came out of a text."""
    return [found.evaluate("found => found.outerHTML") for found in page.locator(FORBIDDEN).all()]


def test_hostile_document_and_question_do_nothing(hostile, open_page, ask):
    page = open_page(hostile)
    expect(page.get_by_role("button", name="What does")).not_to_have_count(0)
    assert spoiled(page) == []
    everything = " ".join(HOSTILE)
    for question in ["Where does the treasure of the zebra lie?", everything]:
        answer = ask(page, question)
        expect(answer.locator("summary")).not_to_have_count(0)
        for card in answer.locator("summary").all():
            card.click()
    expect(page.locator(".philo-text").first).to_contain_text("under the old oak")
    expect(page.locator("blockquote", has_text="evil.example").first).to_be_visible()
    assert page.locator(".philo-question").last.inner_text() == everything
    assert spoiled(page) == []


def test_hostile_titles_and_texts_do_nothing_in_the_list(hostile, open_page):
    page = open_page(hostile, path="/library")
    rows = page.locator(".philo-row:not(.philo-row-head)")
    expect(rows).to_have_count(20)
    assert spoiled(page) == []
    page.get_by_role("searchbox").fill("headings")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Headings $x$ :red[y] <script>alert(21)</script>")
    page.get_by_role("searchbox").fill("<img src=x")
    expect(rows).to_contain_text(NAME.removesuffix(".txt"))
    page.get_by_role("button", name="View", exact=True).click()
    dialog = page.get_by_role("dialog")
    shown, following = "", dialog.get_by_role("button", name="Next page")
    while True:
        piece = dialog.locator(".philo-piece")
        expect(piece.first).to_be_visible()
        assert spoiled(page) == []
        before = piece.first.inner_text()
        shown += " ".join(piece.all_inner_texts())
        if following.is_disabled():
            break
        following.click()
        expect(piece.first).not_to_have_text(before)
    shown = "".join(shown.split())
    for number, text in enumerate(MANY):
        assert "".join(f"{MENTION} {number}: {text}".split()) in shown


def test_hostile_address_does_nothing(hostile, open_page):
    page = open_page(hostile, path="/?language=');alert(23)//&question=<img src=x>")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask your documents")
    expect(page.get_by_role("textbox")).to_have_value("")
    assert spoiled(page) == []


def test_hostile_file_name_is_shown_as_it_is(hostile, open_page, upload):
    page = open_page(hostile, path="/library")
    name = "<img src=x onerror=alert(21)> $x$ :red[c] ![i](http:evil).exe"
    upload(page, "Add", (name, b"MZ"))
    expect(page.get_by_role("alert")).to_contain_text(f"{name} could not be added.")
    assert spoiled(page) == []
