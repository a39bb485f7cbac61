"""What comes from elsewhere stays text."""

from html.parser import HTMLParser

import pytest

from ui.components.citations import citation_card
from ui.components.markup import element, join, literal_markdown, unbroken
from ui.language import load_texts


class Seen(HTMLParser):
    def __init__(self, markup):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</p><img src=x onerror=alert(1)>",
        "a &lt;b&gt; & \"quoted\" 'too'",
        "<!-- --><style>*{display:none}</style>",
    ],
)
def test_text_cannot_become_an_element_or_leave_an_attribute(text):
    seen = Seen(element("p", text, title=text))
    assert seen.tags == ["p"]
    assert seen.text == text
    assert seen.attributes == [("title", text)]


def test_markup_inside_markup_is_not_escaped_twice():
    assert element("p", element("b", "1 < 2")) == "<p><b>1 &lt; 2</b></p>"
    assert join("a & b", element("i", "c")) == "a &amp; b<i>c</i>"


def test_signs_that_turn_the_direction_of_a_text_are_dropped():
    assert element("p", "invoice\u202efdp.exe\x00") == "<p>invoicefdp.exe</p>"


def test_markdown_signs_lose_their_meaning():
    assert literal_markdown("**a** $b$ [c](d)") == r"\*\*a\*\* \$b\$ \[c\]\(d\)"
    assert literal_markdown("line\n# two") == r"line \# two"
    assert literal_markdown("Vraiment\u202f?") == "Vraiment\u202f\\?"


def card(passage, quote):
    start = passage.index(quote)
    citation = {
        "marker": 1, "document_id": "d", "title": "Title", "uri": "file:///a/b%20c.md", "page": 3,
        "pages": 1, "places": [], "flags": [], "heading": ["Title", "Part"], "start": 50 + start,
        "end": 50 + start + len(quote), "quote": quote,
    }  # fmt: skip
    found = {
        "document_id": "d", "uri": "", "title": "Title", "page": 3, "heading": [],
        "start": 50, "end": 50 + len(passage), "text": passage,
    }  # fmt: skip
    return citation, found


def test_quote_is_marked_within_its_passage():
    citation, passage = card("One. Two & three. Four.", "Two & three.")
    shown = citation_card(load_texts("en"), citation, [passage], scope="0")
    assert "One. <mark>Two &amp; three.</mark> Four." in shown


def test_quote_stands_alone_when_no_passage_holds_it():
    citation, passage = card("One. Two.", "Two.")
    shown = citation_card(load_texts("en"), citation, [passage | {"document_id": "e"}], scope="0")
    assert "<mark>Two.</mark>" in shown
    assert "One." not in shown


def test_page_is_named_only_where_there_are_several():
    citation, passage = card("One. Two.", "Two.")
    one = citation_card(load_texts("en"), citation, [passage], scope="0")
    many = citation_card(load_texts("en"), citation | {"pages": 9}, [passage], scope="0")
    assert "p. 3" not in one
    assert "p. 3" in many
    assert "b c.md" in one


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Soit 2 140 € par an : « 12 % » !", "Soit 2~140~€ par an~: «~12~%~»~!"),
        ("Article 12 345 678 euros", "Article 12~345~678~euros"),
        ("« ainsi », dit-il (oui !), « non ».", "«~ainsi~», dit-il (oui~!), «~non~»."),
        ("En 2024 150 personnes, 12 jours", "En 2024 150 personnes, 12~jours"),
        ("A ratio of 3 :4, x:y and 5 men", "A ratio of 3 :4, x:y and 5 men"),
    ],
)
def test_numbers_and_their_units_stay_on_one_line(text, shown):
    assert unbroken(text).replace("\u00a0", "~") == shown
