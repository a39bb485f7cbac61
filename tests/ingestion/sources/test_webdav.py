"""WebDAV folders, on WsgiDAV."""

import shutil
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from pydantic import ValidationError
from starlette.responses import Response

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.sources.webdav import WebDavOptions, open_source
from tests.ingestion.sources.serving import served

USER, PASSWORD = "amélie", "mot de passe"


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from wsgidav.wsgidav_app import WsgiDAVApp

    root = tmp_path_factory.mktemp("dav")
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/dav": str(root)},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_digest": False, "default_to_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
            "lock_storage": True,
        }
    )
    with make_server("127.0.0.1", 0, app, WSGIServer, QuietHandler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield root, f"http://127.0.0.1:{httpd.server_port}/dav"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def folder(server, request):
    """A folder on the server for each test."""
    path = server[0] / request.node.originalname
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    (path / "a.md").write_text("# A")
    (path / "in side/deep").mkdir(parents=True)
    (path / "in side/deep/été.txt").write_text("D")
    (path / "in side/picture.bin").write_text("P")
    return path


@pytest.fixture
def opened(server, folder, surroundings, monkeypatch):
    monkeypatch.setenv("PASSWORD", PASSWORD)
    sources = []

    def open_it(**options):
        stated = {"url": f"{server[1]}/{folder.name}", "user": USER, "password_env": "PASSWORD"}
        sources.append(open_source(WebDavOptions(**stated | options), surroundings))
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()


def test_folders_are_listed_with_all_below_them(server, folder, opened, fetched):
    source = opened()
    items = sorted(source.items(), key=lambda item: item.uri)
    root = f"{server[1]}/{folder.name}"
    assert [item.uri for item in items] == [
        f"{root}/a.md",
        f"{root}/in%20side/deep/%C3%A9t%C3%A9.txt",
    ]
    assert [(item.name, item.size_bytes) for item in items] == [("a.md", 3), ("été.txt", 1)]
    assert [fetched(source, item).read_text() for item in items] == ["# A", "D"]


def test_the_fingerprint_follows_the_content(folder, opened):
    source = opened()
    before = {item.name: item.fingerprint for item in source.items()}
    (folder / "a.md").write_text("# Another")
    after = {item.name: item.fingerprint for item in source.items()}
    assert [name for name in after if before[name] != after[name]] == ["a.md"]


def test_a_file_deleted_since_it_was_listed_is_gone(folder, opened, fetched):
    source = opened()
    item = next(item for item in source.items() if item.name == "a.md")
    (folder / "a.md").unlink()
    with pytest.raises(SourceItemGoneError):
        fetched(source, item)


def test_a_wrong_password_is_told_without_it(opened, monkeypatch):
    monkeypatch.setenv("PASSWORD", "not the password")
    with pytest.raises(SourceUnavailableError, match="credentials") as failure:
        list(opened().items())
    assert "not the password" not in str(failure.value)


def test_a_password_file_will_do(opened, tmp_path):
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    source = opened(password_env="", password_file=str(tmp_path / "password"))
    assert len(list(source.items())) == 2


def test_a_missing_folder_is_told_and_not_taken_for_empty(server, opened):
    with pytest.raises(SourceUnavailableError, match="no folder"):
        list(opened(url=f"{server[1]}/nowhere").items())


def test_a_server_that_is_down_is_told(opened, free_port, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda s: None)
    with pytest.raises(SourceUnavailableError, match="cannot be reached"):
        list(opened(url=f"http://127.0.0.1:{free_port}/dav").items())


def test_a_password_in_the_address_is_refused():
    with pytest.raises(ValidationError):
        WebDavOptions(url="https://amelie:secret@cloud.example.org/dav")


ENTRY = (
    "<response><href>{}</href><propstat><prop><resourcetype>{}</resourcetype></prop>"
    "<status>HTTP/1.1 200 OK</status></propstat></response>"
)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, "<html></html>", "does not speak WebDAV"),
        (207, "<multistatus", "cannot be read"),
        (207, '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "cannot be read"),
        (207, ENTRY.format("/elsewhere/a.md", ""), "not in it"),
        (207, ENTRY.format("http://169.254.169.254/dav/a.md", ""), "not in it"),
        (207, ENTRY.format("/dav/../../a.md", ""), "not in it"),
        (302, "", "is elsewhere"),
        (403, "", "right to read"),
        (500, "", "answers 500"),
    ],
)
def test_a_server_that_answers_nonsense_is_told(status, body, told, opened):
    if status == 207 and body.startswith("<response"):
        body = f'<multistatus xmlns="DAV:">{body}</multistatus>'
    answer = Response(body, status, headers={"Location": "http://other/"})
    with served(answer) as root, pytest.raises(SourceUnavailableError, match=told):
        list(opened(url=f"{root}/dav").items())


def test_folders_that_hold_themselves_end(opened):
    """Each folder lists its own parent once more."""
    body = ENTRY.format("/dav/", "<collection/>") + ENTRY.format("/dav/a/", "<collection/>")
    answer = Response(f'<multistatus xmlns="DAV:">{body}</multistatus>', 207)
    with served(answer) as root, pytest.raises(SourceUnavailableError, match="not in it"):
        list(opened(url=f"{root}/dav").items())
