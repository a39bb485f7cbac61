"""Confluence, both editions: pages, what is attached to them, and who may read them."""

import pytest
from pydantic import ValidationError

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.sources import connection
from ingestion.sources.confluence import ConfluenceOptions, open_source
from tests.ingestion.sources.serving import served
from tests.ingestion.sources.wiki_server import TOKEN, USER, Wiki, WikiPage


@pytest.fixture(scope="module")
def server():
    wiki = Wiki()
    with served(wiki.app) as address:
        yield wiki, address


@pytest.fixture(params=["server", "cloud"])
def edition(request) -> str:
    return request.param


@pytest.fixture
def wiki(server) -> Wiki:
    wiki = server[0]
    wiki.page_size, wiki.throttled, wiki.cut_at, wiki.next_link = 2, 0, None, ""
    listed = [
        WikiPage(
            "1", "Leave / congés", "<p>26 days</p>", files={"form.pdf": b"%PDF", "x.exe": b""}
        ),
        WikiPage("2", "Pay", "<p>Secret</p>", groups=["hr"], users=["amelie"]),
        WikiPage("3", "Bonus", "<p>More secret</p>", parent="2"),
        WikiPage("4", "News", "<p>New</p>", kind="blogpost"),
    ]
    wiki.pages = {page.id: page for page in listed}
    return wiki


@pytest.fixture
def opened(server, edition, surroundings, monkeypatch):
    monkeypatch.setenv("TOKEN", TOKEN)
    sources = []

    def open_it(**options):
        stated = {"url": server[1], "space": "HR", "token_env": "TOKEN", "edition": edition}
        if edition == "cloud":
            stated |= {"url": f"{server[1]}/wiki", "user": USER}
        sources.append(open_source(ConfluenceOptions(**stated | options), surroundings))
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()


def test_pages_and_their_files_are_listed_and_fetched(wiki, opened, fetched):
    source = opened()
    items = list(source.items())
    assert [item.name for item in items] == [
        "congés.html", "form.pdf", "Pay.html", "Bonus.html", "News.html",
    ]  # fmt: skip
    assert items[0].uri.endswith("/pages/viewpage.action?pageId=1")
    page = fetched(source, items[0]).read_text()
    assert "26 days" in page
    assert "<h1>Leave / congés</h1>" in page
    assert fetched(source, items[1]).read_bytes() == b"%PDF"


def test_the_fingerprint_is_the_version(wiki, opened):
    before = {item.uri: item.fingerprint for item in opened().items()}
    wiki.pages["4"].version = 2
    after = {item.uri: item.fingerprint for item in opened().items()}
    assert [uri for uri in after if before[uri] != after[uri]] == [list(after)[-1]]


def test_a_page_that_was_renamed_keeps_its_address(wiki, opened):
    before = [item.uri for item in opened().items()]
    wiki.pages["1"].title = "Absence"
    assert [item.uri for item in opened().items()] == before


def test_restrictions_become_groups_and_hold_below(wiki, opened):
    groups = {item.name: item.groups for item in opened().items()}
    assert groups["congés.html"] is None
    assert groups["form.pdf"] is None
    assert groups["Pay.html"] == groups["Bonus.html"] == {"group:hr", "user:amelie"}


def test_of_two_restrictions_only_who_is_in_both_remains(wiki, opened):
    wiki.pages["3"].users = ["amelie", "bruno"]
    groups = {item.name: item.groups for item in opened().items()}
    assert groups["Bonus.html"] == {"user:amelie"}
    wiki.pages["3"].users = ["bruno"]
    groups = {item.name: item.groups for item in opened().items()}
    assert groups["Bonus.html"] == frozenset()


def test_files_of_a_restricted_page_are_restricted(wiki, opened):
    wiki.pages["3"].files = {"table.pdf": b"%PDF"}
    groups = {item.name: item.groups for item in opened().items()}
    assert groups["table.pdf"] == {"group:hr", "user:amelie"}


def test_a_page_below_one_that_cannot_be_seen_is_nobodys(wiki, opened):
    wiki.pages["3"].parent = "999"
    groups = {item.name: item.groups for item in opened().items()}
    assert groups["Bonus.html"] == frozenset()


@pytest.mark.parametrize("edition", ["cloud"])
def test_pages_above_one_another_in_a_circle_are_nobodys(wiki, opened):
    wiki.pages["2"].parent = "3"
    groups = {item.name: item.groups for item in opened().items()}
    assert groups["Bonus.html"] == groups["Pay.html"] == frozenset()


@pytest.mark.parametrize("edition", ["cloud"])
def test_a_restricted_folder_restricts_its_pages(wiki, opened):
    wiki.pages["9"] = WikiPage("9", "Board", users=["carole"], kind="folder")
    wiki.pages["1"].parent, wiki.pages["1"].parent_kind = "9", "folder"
    groups = {item.name: item.groups for item in opened().items()}
    assert groups["congés.html"] == {"user:carole"}


def test_a_page_deleted_since_it_was_listed_is_gone(wiki, opened, fetched):
    source = opened()
    item = next(source.items())
    del wiki.pages["1"]
    with pytest.raises(SourceItemGoneError):
        fetched(source, item)


def test_a_busy_server_is_given_the_time_that_it_asks_for(wiki, opened, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(connection.time, "sleep", slept.append)
    monkeypatch.setattr(connection.Connection.__init__, "__kwdefaults__", {
        **connection.Connection.__init__.__kwdefaults__, "sleep": slept.append,
    })  # fmt: skip
    wiki.throttled, wiki.retry_after = 2, "3"
    assert len(list(opened().items())) == 5
    assert slept == [3.0, 3.0]


def test_a_server_that_stays_busy_fails_the_listing(wiki, opened):
    wiki.throttled, wiki.retry_after = 1000, "100000"
    with pytest.raises(SourceUnavailableError, match="too busy"):
        list(opened().items())


def test_a_listing_that_breaks_off_fails(wiki, opened):
    wiki.cut_at = 2
    with pytest.raises(SourceUnavailableError, match="500"):
        list(opened().items())


@pytest.mark.parametrize("edition", ["server"])
def test_a_list_that_goes_on_elsewhere_is_not_followed(wiki, opened):
    wiki.next_link = "https://evil.example/rest/api/content?start=2"
    with pytest.raises(SourceUnavailableError, match="another host"):
        list(opened().items())


def test_a_wrong_token_is_told_without_it(wiki, opened, monkeypatch):
    monkeypatch.setenv("TOKEN", "not the token")
    with pytest.raises(SourceUnavailableError, match="credentials") as failure:
        list(opened().items())
    assert "not the token" not in str(failure.value)


def test_an_unknown_space_is_told(wiki, opened):
    with pytest.raises(SourceUnavailableError, match="the key of a space"):
        list(opened(space="NOWHERE").items())


def test_what_is_no_confluence_is_told(server, wiki, opened):
    with pytest.raises(SourceUnavailableError):
        list(opened(url=f"{server[1]}/openapi.json").items())


def test_the_edition_is_told_by_the_address():
    stated = {"space": "HR", "token_env": "TOKEN"}
    assert ConfluenceOptions(url="https://x.atlassian.net/wiki", **stated).is_cloud
    assert not ConfluenceOptions(url="https://wiki.example.org", **stated).is_cloud
    with pytest.raises(ValidationError, match="token_env"):
        ConfluenceOptions(url="https://wiki.example.org", space="HR")
