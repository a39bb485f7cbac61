"""Sources that are kept in step: what is stated about them, and what comes of it."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.responses import Response

from assistant.errors import (
    SourceBusyError,
    SourceNotFoundError,
    SourceOptionsError,
    SourceUnavailableError,
    UnknownSourceError,
)
from assistant.ingest_settings import SourceSettings
from assistant.knowledge.database import open_database
from assistant.knowledge.sources import SourceRecords
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.types import EVERYONE, OPERATOR, Readable
from ingestion.pipeline import open_ingestor
from tests.ingestion.sources.serving import served
from tests.ingestion.sources.web_site import Site, html, sitemap
from tests.ingestion.sources.wiki_server import TOKEN, Wiki, WikiPage


@pytest.fixture
def registry(ingestor):
    return ingestor.sources


@pytest.fixture
def folder(tmp_path) -> Path:
    root = tmp_path / "docs"
    root.mkdir()
    (root / "leave.md").write_text("# Leave\n\nIn Dublin each employee has 26 days of leave.")
    (root / "pay.md").write_text("# Pay\n\nSalaries are paid on the 28th of each month.")
    return root


@pytest.fixture(scope="module")
def wiki_server():
    wiki = Wiki()
    with served(wiki.app) as address:
        yield wiki, address


@pytest.fixture
def wiki(wiki_server, monkeypatch):
    """A wiki in which all may read about leave, and few about pay."""
    monkeypatch.setenv("TOKEN", TOKEN)
    wiki, wiki.address = wiki_server
    wiki.cut_at, wiki.vanished = None, ""
    pages = [
        WikiPage("1", "Leave", "<p>In Dublin each employee has 26 days of leave.</p>"),
        WikiPage("2", "Pay", "<p>The bonus of the board is 30 percent.</p>", groups=["board"]),
    ]
    wiki.pages = {page.id: page for page in pages}
    return wiki


def add_wiki(registry, wiki, **stated):
    options = {"url": wiki.address, "space": "HR", "token_env": "TOKEN"}
    return registry.add("confluence", "wiki", options, **stated)


def titles(library, readable=OPERATOR):
    return sorted(info.title for info in library.documents(readable))


def counts(report):
    return (report.added, report.updated, report.unchanged, report.removed, len(report.failed))


def test_a_source_is_brought_in_and_kept_in_step(registry, library, folder):
    registry.add("folder", "handbook", {"path": str(folder)}, collection="hr", groups=["staff"])
    assert counts(registry.sync("handbook")) == (2, 0, 0, 0, 0)
    assert titles(library, Readable(groups=frozenset({"staff"}), collection="hr")) == [
        "Leave",
        "Pay",
    ]
    assert titles(library, Readable()) == []
    (folder / "pay.md").unlink()
    assert counts(registry.sync("handbook")) == (0, 0, 1, 1, 0)
    assert titles(library) == ["Leave"]


def test_its_state_is_told(registry, folder):
    added = registry.add("folder", "handbook", {"path": str(folder)}, schedule="1h")
    assert (added.state, added.started_at, added.completed_at) == ("new", None, None)
    assert added.next_run_at == added.added_at
    registry.sync("handbook")
    told = registry.source(added.id)
    assert told == registry.source("handbook") == registry.all()[0]
    assert (told.state, told.error) == ("complete", None)
    assert told.counts == {
        "listed": 2, "added": 2, "updated": 0, "unchanged": 0, "removed": 0, "quarantined": 0,
        "failed": 0,
    }  # fmt: skip
    assert told.started_at <= told.completed_at < told.next_run_at


def test_it_outlives_the_process(registry, settings, folder):
    registry.add("folder", "handbook", {"path": str(folder)}, schedule="daily 02:00")
    database = open_database(settings.data / "philo.db")
    (record,) = SourceRecords(database).all()
    database.close()
    assert (record.kind, record.name, record.schedule) == ("folder", "handbook", "daily 02:00")


def test_rights_come_along_under_the_name_of_the_source(registry, library, wiki):
    add_wiki(registry, wiki)
    assert counts(registry.sync("wiki")) == (2, 0, 0, 0, 0)
    assert titles(library, Readable()) == ["Leave"]
    assert titles(library, Readable(groups=frozenset({EVERYONE, "board"}))) == ["Leave"]
    assert titles(library, Readable(groups=frozenset({"wiki:group:board"}))) == ["Pay"]


def test_rights_that_change_hold_at_once(registry, library, wiki):
    add_wiki(registry, wiki, groups=["staff"])
    registry.sync("wiki")
    staff, board = (Readable(groups=frozenset({name})) for name in ("staff", "wiki:group:board"))
    assert titles(library, staff) == ["Leave"]
    wiki.pages["1"].groups, wiki.pages["2"].groups = ["board"], []
    assert registry.sync("wiki").updated == 0
    assert titles(library, staff) == ["Pay"]
    assert titles(library, board) == ["Leave"]


def test_what_nobody_may_read_is_not_taken_for_everyones(registry, library, wiki):
    wiki.pages["3"] = WikiPage("3", "Below", "<p>Hidden.</p>", parent="2", users=["amelie"])
    add_wiki(registry, wiki)
    registry.sync("wiki")
    (below,) = [info for info in library.documents(OPERATOR) if info.title == "Below"]
    assert below.groups == ["wiki:nobody"]


def test_a_listing_that_breaks_off_removes_nothing(registry, library, wiki):
    add_wiki(registry, wiki)
    registry.sync("wiki")
    wiki.pages["3"] = WikiPage("3", "New", "<p>New</p>")
    wiki.cut_at = 2
    with pytest.raises(SourceUnavailableError, match="500"):
        registry.sync("wiki")
    assert titles(library) == ["Leave", "Pay"]
    told = registry.source("wiki")
    assert told.state == "failed"
    assert "500" in told.error
    assert told.counts["listed"] == 2
    wiki.cut_at = None
    assert counts(registry.sync("wiki")) == (1, 0, 2, 0, 0)
    assert (registry.source("wiki").state, registry.source("wiki").error) == ("complete", None)


def test_a_deleted_page_goes_with_the_next_complete_listing(registry, library, wiki):
    add_wiki(registry, wiki)
    registry.sync("wiki")
    del wiki.pages["2"]
    assert counts(registry.sync("wiki")) == (0, 0, 1, 1, 0)
    assert titles(library) == ["Leave"]


def test_a_page_that_goes_between_listing_and_fetching_costs_only_itself(registry, library, wiki):
    add_wiki(registry, wiki)
    wiki.vanished = "2"
    report = registry.sync("wiki")
    assert counts(report) == (1, 0, 0, 0, 1)
    assert "does not exist" in report.failed[0].reason
    assert titles(library) == ["Leave"]


def test_two_sources_of_one_place_keep_their_own_documents(registry, library, tmp_path, folder):
    registry.add("folder", "one", {"path": str(folder)}, collection="a")
    registry.add("folder", "two", {"path": str(folder)}, collection="b")
    registry.sync("one")
    registry.sync("two")
    assert registry.remove("one") == 2
    assert titles(library) == ["Leave", "Pay"]
    assert {info.collection for info in library.documents(OPERATOR)} == {"b"}


def test_its_documents_go_with_it_unless_told_otherwise(registry, library, folder):
    for keep, left in ((True, ["Leave", "Pay"]), (False, [])):
        registry.add("folder", "handbook", {"path": str(folder)})
        registry.sync("handbook")
        assert registry.remove("handbook", keep_documents=keep) == (0 if keep else 2)
        assert titles(library) == left
        with pytest.raises(UnknownSourceError, match="handbook"):
            registry.source("handbook")


def test_a_new_source_of_an_old_name_owns_nothing_of_the_old_one(
    registry, library, folder, tmp_path
):
    registry.add("folder", "handbook", {"path": str(folder)})
    registry.sync("handbook")
    registry.remove("handbook", keep_documents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.md").write_text("# Other\n\nSomething else.")
    registry.add("folder", "handbook", {"path": str(tmp_path / "other")})
    assert counts(registry.sync("handbook")) == (1, 0, 0, 0, 0)
    assert titles(library) == ["Leave", "Other", "Pay"]


def test_a_source_is_not_brought_in_twice_at_once(registry, folder):
    registry.add("folder", "handbook", {"path": str(folder)})
    told: list[Exception] = []

    def meanwhile(_progress):
        assert registry.source("handbook").state == "running"
        for act in (registry.sync, registry.remove):
            try:
                act("handbook")
            except SourceBusyError as exc:
                told.append(exc)

    registry.sync("handbook", meanwhile)
    assert len(told) == 4
    assert counts(registry.sync("handbook")) == (0, 0, 2, 0, 0)


def test_a_run_that_is_broken_off_is_told(registry, folder):
    registry.add("folder", "handbook", {"path": str(folder)})

    def interrupt(_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        registry.sync("handbook", interrupt)
    told = registry.source("handbook")
    assert (told.state, told.error) == ("failed", "it was broken off (KeyboardInterrupt)")
    assert registry.sync("handbook").failed == []


def test_no_secret_is_stored(registry, library, wiki, settings):
    add_wiki(registry, wiki)
    registry.sync("wiki")
    stored = b"".join(path.read_bytes() for path in settings.data.rglob("*") if path.is_file())
    assert b"TOKEN" in stored
    assert TOKEN.encode() not in stored


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("ftp", {}, "no kind of source"),
        ("s3", {}, "bucket"),
        ("s3", {"bucket": "b", "secret_key": "s3cr3t"}, "secret_key: Extra inputs"),
        ("webdav", {"url": "https://amelie:s3cr3t@cloud.example.org"}, "no password"),
        ("webdav", {"url": "https://cloud.example.org", "user": "a"}, "password_env"),
        ("imap", {"host": "h", "user": "a", "password": "s3cr3t"}, "password"),
        ("confluence", {"url": "ftp://x", "space": "HR", "token_env": "T"}, "https://host"),
        ("git", {"url": "https://host/x.git", "token_file": ""}, ""),
        ("sharepoint", {"tenant": "t", "client_id": "c", "client_secret_env": "S"}, "one of site"),
        ("folder", {"path": 7}, "path"),
    ],
)
def test_wrong_options_are_told_without_their_values(registry, kind, options, told):
    if not told:
        assert registry.add(kind, "fine", options)
        return
    with pytest.raises(SourceOptionsError, match=told) as failure:
        registry.add(kind, "x", options)
    assert "s3cr3t" not in str(failure.value)
    assert failure.value.__cause__ is None
    assert registry.all() == []


def test_a_mailbox_is_not_opened_to_everyone_by_mistake(registry):
    options = {"host": "mail.example.org", "user": "a", "password_env": "P"}
    with pytest.raises(SourceOptionsError, match="--groups"):
        registry.add("imap", "mail", options)
    assert registry.add("imap", "mail", options, groups=["amelie"]).groups == ["amelie"]


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a:b", "-x", "x" * 65, "été"])
def test_names_that_cannot_prefix_a_group_are_refused(registry, folder, name):
    with pytest.raises(SourceOptionsError, match="name"):
        registry.add("folder", name, {"path": str(folder)})


def test_a_name_is_given_once(registry, folder):
    registry.add("folder", "handbook", {"path": str(folder)})
    with pytest.raises(SourceOptionsError, match="already"):
        registry.add("folder", "handbook", {"path": str(folder)})


def test_a_folder_that_is_not_there_is_told_and_removes_nothing(registry, library, folder):
    registry.add("folder", "handbook", {"path": str(folder)})
    registry.sync("handbook")
    folder.rename(folder.with_name("moved"))
    with pytest.raises(SourceNotFoundError, match="docs"):
        registry.sync("handbook")
    assert titles(library) == ["Leave", "Pay"]


def test_what_is_due_is_run_once_by_the_schedule(registry, library, folder):
    registry.add("folder", "handbook", {"path": str(folder)}, schedule="1h")
    registry.add("folder", "by-hand", {"path": str(folder)}, collection="other")
    assert registry.due(datetime.now(UTC)) == ["handbook"]
    registry.start()
    ended = threading.Event()
    for _ in range(200):
        if registry.source("handbook").state == "complete":
            break
        ended.wait(0.05)
    registry.close()
    assert titles(library) == ["Leave", "Pay"]
    assert registry.due(datetime.now(UTC)) == []
    assert registry.source("by-hand").state == "new"


def test_a_site_is_kept_in_step(registry, library):
    site = Site()
    with served(site) as root:
        site.pages = {
            "/sitemap.xml": Response(sitemap(f"{root}/a 2026-01-01", f"{root}/get?id=7")),
            "/a": html("In Dublin each employee has 26 days of leave."),
            "/get": Response("Salaries are paid on the 28th.", media_type="text/plain"),
        }
        registry.add("web", "site", {"url": f"{root}/sitemap.xml", "sitemap": "true"})
        assert counts(registry.sync("site")) == (2, 0, 0, 0, 0)
        kinds = {info.uri: info.media_type for info in library.documents(OPERATOR)}
        assert kinds == {f"{root}/a": "text/html", f"{root}/get?id=7": "text/plain"}
        site.asked.clear()
        assert counts(registry.sync("site")) == (0, 0, 2, 0, 0)
        assert site.asked == ["/sitemap.xml", "/get"]
        site.pages["/sitemap.xml"] = Response(sitemap(f"{root}/a 2026-01-01"))
        assert counts(registry.sync("site")) == (0, 0, 1, 1, 0)


def test_single_pages_are_brought_in_by_their_addresses(ingestor, library):
    site = Site()
    with served(site) as root:
        site.pages = {"/a": html("In Dublin each employee has 26 days of leave."), "/b": html("B.")}
        assert counts(ingestor.ingest([f"{root}/a", f"{root}/b"])) == (2, 0, 0, 0, 0)
        site.pages["/a"] = html("In Dublin each employee has 27 days of leave.")
        del site.pages["/b"]
        report = ingestor.ingest([f"{root}/a", f"{root}/b", f"{root}/nowhere"])
        assert counts(report) == (0, 1, 0, 1, 2)
        assert all("404" in failure.reason for failure in report.failed)
        assert [info.uri for info in library.documents(OPERATOR)] == [f"{root}/a"]


def test_pages_of_the_own_network_are_refused(library, settings):
    site = Site(pages={"/": html("secret")})
    closed = settings.model_copy(update={"sources": SourceSettings(web=True)})
    ingestor = open_ingestor(library, HashingEmbedder(), closed)
    with served(site) as root:
        report = ingestor.ingest([root])
    ingestor.close()
    assert "not public" in report.failed[0].reason
    assert site.asked == []


def test_a_clock_that_was_a_day_ahead_holds_up_no_schedule(registry, library, folder):
    now = datetime.now(UTC)
    registry.add("folder", "handbook", {"path": str(folder)}, schedule="1h")
    library.sources._clock = lambda: now + timedelta(days=1)
    registry.add("folder", "added-then", {"path": str(folder)}, collection="b", schedule="1h")
    registry.sync("handbook")
    assert registry.due(now + timedelta(days=1)) == ["added-then"]
    library.sources._clock = lambda: now
    assert set(registry.due(now)) == {"handbook", "added-then"}
    registry.sync("handbook")
    assert registry.due(now) == ["added-then"]
