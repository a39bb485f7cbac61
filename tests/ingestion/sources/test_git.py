"""Repositories: served by git's own HTTP backend over TLS, and from the disk."""

import os
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.sources.git import GitOptions, open_source
from tests.ingestion.sources.serving import served

TOKEN = "a token for reading"


NAMED = {"token_env": "TOKEN"}


class Repository:
    """A bare repository with a clone to commit in."""

    def __init__(self, folder: Path) -> None:
        self.bare, self.clone = folder / "papers.git", folder / "clone"
        self.git("init", "-q", "--bare", "-b", "main", str(self.bare), at=folder)
        self.git("init", "-q", "-b", "main", str(self.clone), at=folder)
        self.git("remote", "add", "origin", str(self.bare))

    def git(self, *arguments: str, at: Path | None = None) -> None:
        names = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER")
                 for what in ("NAME", "EMAIL")}  # fmt: skip
        subprocess.run(
            ["git", *arguments], cwd=at or self.clone, check=True, env=os.environ | names
        )

    def write(self, files: dict[str, bytes | None]) -> None:
        for name, content in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
        self.push()

    def push(self, branch: str = "main") -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "Change")
        self.git("push", "-q", "-f", "origin", f"HEAD:{branch}")

    async def answer(self, request: Request) -> Response:
        """git-http-backend(1), for who shows the token."""
        kind, _, pair = request.headers.get("Authorization", "").partition(" ")
        if kind != "Basic" or b64decode(pair) != f"git:{TOKEN}".encode():
            return Response(status_code=401, headers={"WWW-Authenticate": "Basic"})
        body = await request.body()
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            stdout=subprocess.PIPE,
            check=True,
            env=os.environ
            | {
                "GIT_PROJECT_ROOT": str(self.bare.parent),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": request.url.path,
                "QUERY_STRING": request.url.query,
                "REQUEST_METHOD": request.method,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return Response(content, status, headers)


@pytest.fixture
def repository(tmp_path) -> Repository:
    made = Repository(tmp_path)
    made.write({"README.md": b"# Read me", "docs/à lire.txt": b"L", "src/main.c": b"int"})
    return made


@pytest.fixture
def opened(repository, surroundings):
    def open_it(**options):
        stated = {"url": f"file://{repository.bare}"} | options
        return open_source(GitOptions(**stated), surroundings)

    return open_it


@pytest.fixture
def address(repository, certificates, monkeypatch):
    """Of the repository over HTTPS; its token is in TOKEN."""
    monkeypatch.setenv("TOKEN", TOKEN)

    async def app(scope, receive, send):
        await (await repository.answer(Request(scope, receive)))(scope, receive, send)

    with served(app, certificates) as url:
        yield f"{url}/papers.git"


def test_files_of_known_formats_are_listed_and_fetched(repository, opened, fetched):
    source = opened()
    items = list(source.items())
    root = f"git+file://{repository.bare}"
    assert [item.uri for item in items] == [
        f"{root}/README.md?branch=main",
        f"{root}/docs/%C3%A0%20lire.txt?branch=main",
    ]
    assert [fetched(source, item).read_bytes() for item in items] == [b"# Read me", b"L"]
    assert fetched(source, items[1]).name == "à lire.txt"


def test_the_fingerprint_follows_the_content(repository, opened):
    source = opened()
    before = {item.name: item.fingerprint for item in source.items()}
    repository.write({"README.md": b"# Changed", "src/other.c": b""})
    after = {item.name: item.fingerprint for item in source.items()}
    assert [name for name in after if before[name] != after[name]] == ["README.md"]


def test_a_moved_and_a_deleted_file_are_not_listed(repository, opened):
    source = opened()
    assert len(list(source.items())) == 2
    repository.git("mv", "README.md", "START.md")
    repository.write({"docs/à lire.txt": None})
    assert [item.name for item in source.items()] == ["START.md"]


def test_a_branch_whose_history_was_written_anew_is_followed(repository, opened):
    source = opened()
    list(source.items())
    repository.git("checkout", "-q", "--orphan", "fresh")
    repository.write({"README.md": b"# Anew"})
    assert len(list(source.items())) == 2


def test_paths_and_branch_narrow(repository, opened):
    repository.git("checkout", "-q", "-b", "draft")
    (repository.clone / "docs/draft.md").write_bytes(b"# Draft")
    repository.push("draft")
    found = opened(branch="draft", paths="docs/*.md, src/*").items()
    assert [item.name for item in found] == ["draft.md"]


def test_links_submodules_and_filters_have_no_effect(repository, opened, fetched, tmp_path):
    (repository.clone / "link.txt").symlink_to("/etc/passwd")
    mark = tmp_path / "ran"
    (repository.clone / ".gitattributes").write_text("*.md filter=evil\n")
    (repository.clone / ".gitmodules").write_text(
        f'[submodule "m"]\n\tpath = m.md\n\turl = ext::sh -c "touch {mark}"\n'
    )
    commit = "0123456789012345678901234567890123456789"
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},m.md")
    repository.git("add", "link.txt", ".gitattributes", ".gitmodules")
    repository.git("commit", "-qm", "Hostile")
    repository.git("push", "-q", "origin", "HEAD:main")
    source = opened()
    items = list(source.items())
    assert [item.name for item in items] == ["README.md", "à lire.txt"]
    assert fetched(source, items[0]).read_bytes() == b"# Read me"
    assert not mark.exists()


def test_hooks_of_the_fetched_repository_do_not_run(opened, surroundings, tmp_path, monkeypatch):
    hooks, mark = tmp_path / "hooks", tmp_path / "ran"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o755)
    own = tmp_path / "home"
    own.mkdir()
    (own / ".gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("HOME", str(own))
    source = opened()
    list(source.items())
    (surroundings.cache / "repository.git/hooks").mkdir()
    for hook in hooks.iterdir():
        (surroundings.cache / "repository.git/hooks" / hook.name).symlink_to(hook)
    assert len(list(source.items())) == 2
    assert not mark.exists()


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c 'touch /tmp/x'",
        "ext://sh",
        "-uhttps://host/x",
        "ssh://-oProxyCommand=x/y",
        "https://user:secret@host/x",
        "/srv/papers.git",
        "git@host:papers.git",
        "https://host/x y",
    ],
)
def test_addresses_that_could_run_or_betray_something_are_refused(url):
    with pytest.raises(ValidationError):
        GitOptions(url=url)


@pytest.mark.parametrize("branch", ["--upload-pack=x", "a..b", "a b", "x.lock", ":main", ""])
def test_branches_that_are_none_are_refused(branch):
    with pytest.raises(ValidationError):
        GitOptions(url="https://host/x.git", branch=branch)


def test_a_token_opens_a_repository_over_https(opened, address, certificates, fetched):
    source = opened(url=address, **NAMED, ca_file=str(certificates.authority))
    items = list(source.items())
    assert [fetched(source, item).read_bytes() for item in items] == [b"# Read me", b"L"]


def test_a_wrong_token_is_told_without_it(opened, address, certificates, monkeypatch):
    monkeypatch.setenv("TOKEN", "not-the-token")
    source = opened(url=address, **NAMED, ca_file=str(certificates.authority))
    with pytest.raises(SourceUnavailableError, match="credentials") as failure:
        list(source.items())
    assert "not-the-token" not in str(failure.value)


def test_a_token_is_not_seen_in_the_list_of_processes(opened, address, certificates, tmp_path):
    log = tmp_path / "commands"
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    real = os.environ["PATH"]
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\nPATH={real} exec git "$@"\n')
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}:{real}")
        source = opened(url=address, **NAMED, ca_file=str(certificates.authority))
        assert len(list(source.items())) == 2
    assert "fetch" in log.read_text()
    assert TOKEN not in log.read_text()


def test_a_server_that_is_not_trusted_is_told(opened, address):
    with pytest.raises(SourceUnavailableError, match="certificate"):
        list(opened(url=address, **NAMED).items())


def test_a_missing_repository_and_branch_are_told(opened, tmp_path, free_port):
    with pytest.raises(SourceUnavailableError, match="nowhere"):
        list(opened(url=f"file://{tmp_path}/nowhere").items())
    with pytest.raises(SourceUnavailableError, match="no branch other"):
        list(opened(branch="other").items())
    with pytest.raises(SourceUnavailableError, match=str(free_port)):
        list(opened(url=f"http://127.0.0.1:{free_port}/x").items())


def test_a_file_that_left_the_repository_is_gone(repository, opened, fetched, tmp_path):
    source = opened()
    (item, _) = source.items()
    repository.git("checkout", "-q", "--orphan", "fresh")
    repository.write({"README.md": b"# Another", "docs/à lire.txt": b"M"})
    list(source.items())
    with pytest.raises(SourceItemGoneError):
        fetched(source, item)


def test_a_torn_repository_is_fetched_anew(opened, surroundings):
    source = opened()
    assert len(list(source.items())) == 2
    (surroundings.cache / "repository.git/HEAD").write_bytes(b"")
    assert len(list(source.items())) == 2


def test_a_large_file_is_not_written_whole(repository, opened, fetched):
    repository.write({"large.txt": b"x" * 500_000})
    source = opened()
    large = next(item for item in source.items() if item.name == "large.txt")
    assert large.size_bytes == 500_000
    assert fetched(source, large).stat().st_size == 100_001
