"""Git repositories: the files of one branch, read by the git program.

Nothing is ever checked out: trees are listed and blobs are read from a bare repository, so
hooks, filters, submodules, symbolic links and hostile paths of the repository have no effect.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator, model_validator

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from ingestion.parsers.base import format_of
from ingestion.sources.base import Source, SourceItem
from ingestion.sources.download import write_file
from ingestion.sources.options import Options, Surroundings, read_secret

READ_TIMEOUT_S = 120.0
PIECE_BYTES = 64 * 2**10
_PROTOCOLS = frozenset({"https", "http", "ssh", "git", "file"})
_FILES = frozenset({b"100644", b"100755"})
_HEAD = "refs/philo/head"
_MOST_ERROR_CHARS = 300


class GitOptions(Options):
    """One branch of one repository."""

    url: str = Field(max_length=2000, description="https://, ssh://, git:// or file://")
    branch: str = Field("main", max_length=200, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._/+\-]*$")
    paths: str = Field(
        "", max_length=2000, description="only these, with commas between: docs/*, *.md"
    )
    user: str = Field("", max_length=200, description="goes with the token, where one is asked for")
    token_env: str = Field("", description="environment variable with an access token, for https")
    token_file: str = Field("", description="file with an access token, and nothing else")
    ca_file: str = Field("", description="certificates to trust (PEM), for a server of your own")

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in _PROTOCOLS or "::" in url.partition("://")[0]:
            raise ValueError("must begin with https://, ssh://, http://, git:// or file://")
        if parts.password is not None or (parts.username and parts.scheme != "ssh"):
            raise ValueError("must hold no password; name a token with token_env or token_file")
        if parts.scheme != "file" and not parts.hostname:
            raise ValueError("must name a host")
        if (parts.hostname or "").startswith("-") or (parts.username or "").startswith("-"):
            raise ValueError("must name a host")
        if parts.query or parts.fragment or any(ord(char) < 33 for char in url):
            raise ValueError("must have no ?, no # and no spaces")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _check_token(self) -> Self:
        if (self.token_env or self.token_file) and not self.url.startswith("https://"):
            raise ValueError("a token is sent to https:// addresses only")
        if ".." in self.branch or self.branch.endswith((".lock", "/")):
            raise ValueError("branch is no name of a branch")
        return self


OPTIONS = GitOptions


class GitSource:
    """Paths are addresses, blob ids fingerprints. Git states no readers."""

    def __init__(self, options: GitOptions, surroundings: Surroundings) -> None:
        self._options = options
        self._repository = surroundings.cache / "repository.git"
        self._limit_bytes = surroundings.max_file_bytes
        self._fetch_timeout_s = surroundings.settings.git_timeout_s
        self._patterns = [part.strip() for part in options.paths.split(",") if part.strip()]

    @property
    def address(self) -> str:
        return f"git+{self._options.url}?branch={quote(self._options.branch, safe='')}"

    def items(self) -> Iterator[SourceItem]:
        commit = self._update()
        with self._read("ls-tree", "-r", "-z", "-l", "--full-tree", commit) as listing:
            for line in _split_at_zero(listing):
                meta, _, raw_path = line.partition(b"\t")
                mode, _, blob, size = meta.split()
                with contextlib.suppress(UnicodeDecodeError):  # a name that no address can hold
                    path = raw_path.decode()
                    if mode in _FILES and self._wanted(path):
                        yield SourceItem(
                            uri=self._uri(path),
                            name=path.rsplit("/", 1)[-1],
                            fingerprint=blob.decode(),
                            size_bytes=int(size),
                        )

    def fetch(self, item: SourceItem, folder: Path) -> Path:
        try:
            with self._read("cat-file", "blob", item.fingerprint) as content:
                pieces = iter(lambda: content.read(PIECE_BYTES), b"")
                return write_file(folder, item.name, pieces, limit_bytes=self._limit_bytes)
        except SourceUnavailableError as exc:
            raise SourceItemGoneError(f"{item.uri} is not in the repository any more") from exc

    def close(self) -> None:
        """The fetched repository stays, so that the next run only fetches what changed."""

    def _wanted(self, path: str) -> bool:
        if format_of(path) is None:
            return False
        return not self._patterns or any(fnmatchcase(path, one) for one in self._patterns)

    def _uri(self, path: str) -> str:
        options = self._options
        return f"git+{options.url}/{quote(path)}?branch={quote(options.branch, safe='')}"

    def _update(self) -> str:
        """Fetch the branch's newest commit, and that only; its id."""
        if (commit := self._fetch_commit()) is None:
            shutil.rmtree(self._repository, ignore_errors=True)  # torn by a crash
            commit = self._fetch_commit()
        if commit is None:
            raise SourceUnavailableError(
                f"{self._repository} cannot be made; see to its disk and its rights"
            )
        return commit

    def _fetch_commit(self) -> str | None:
        """None when the local repository is damaged."""
        options, timeout_s = self._options, self._fetch_timeout_s
        try:
            self._repository.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise SourceUnavailableError(
                f"{self._repository.parent} cannot be made ({exc.strerror})"
            ) from exc
        if not (self._repository / "HEAD").is_file():
            self._run("init", "--quiet", "--bare", "--template=", str(self._repository))
        if self._run("rev-parse", "--git-dir", check=False).returncode:
            return None
        before = self._run("rev-parse", "--verify", "--quiet", _HEAD, check=False).stdout
        self._run(
            "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules",
            "--no-write-fetch-head", "--force", "--", options.url,
            f"refs/heads/{options.branch}:{_HEAD}",
            timeout_s=timeout_s,
        )  # fmt: skip
        commit = self._run("rev-parse", "--verify", "--quiet", _HEAD, check=False).stdout
        if before != commit:
            self._run("gc", "--quiet", "--prune=now", check=False, timeout_s=timeout_s)
        return commit.decode().strip() or None

    def _run(
        self, *arguments: str, check: bool = True, timeout_s: float = READ_TIMEOUT_S
    ) -> subprocess.CompletedProcess[bytes]:
        with self._started(arguments) as process:
            try:
                out, complaint = process.communicate(timeout=timeout_s)
            except subprocess.TimeoutExpired as exc:
                raise SourceUnavailableError(
                    f"git {arguments[0]} of {self._options.url} took more than {timeout_s:.0f} s; "
                    "raise sources.git_timeout_s if the repository is that large"
                ) from exc
        if check and process.returncode:
            raise self._failed(complaint)
        return subprocess.CompletedProcess(arguments, process.returncode, out, complaint)

    @contextlib.contextmanager
    def _read(self, *arguments: str) -> Iterator[IO[bytes]]:
        """What git writes, as it comes; an error when git fails before it is read to its end."""
        with self._started(arguments) as process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            assert process.stderr is not None  # noqa: S101 - it is a pipe
            yield process.stdout
            if process.stdout.read(1) == b"":
                complaint = process.stderr.read()
                if process.wait(READ_TIMEOUT_S):
                    raise self._failed(complaint)

    @contextlib.contextmanager
    def _started(self, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        """A running git; it and its children end with the block."""
        command = ["git", f"--git-dir={self._repository}", *arguments]
        if arguments[0] == "init":
            command = ["git", *arguments]
        try:
            process = subprocess.Popen(  # noqa: S603 - arguments are checked, no shell
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as exc:
            raise SourceUnavailableError(
                "The git program is not installed where Philo runs; install it: apt install git"
            ) from exc
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)

    def _environment(self) -> dict[str, str]:
        """Git's own settings and nothing of the user's, for what is fetched is not trusted."""
        options = self._options
        settings = {
            "core.hooksPath": os.devnull,
            "core.fsmonitor": "false",
            "credential.helper": "",
            "gc.auto": "0",
            "http.followRedirects": "false",
            "http.lowSpeedLimit": "1000",
            "http.lowSpeedTime": "60",
        }
        if options.ca_file:
            settings["http.sslCAInfo"] = options.ca_file
        if options.token_env or options.token_file:
            token = read_secret(options.token_env, options.token_file, option="token")
            pair = base64.b64encode(f"{options.user or 'git'}:{token}".encode()).decode()
            # In the environment, because other users can read a command's arguments.
            settings["http.extraHeader"] = f"Authorization: Basic {pair}"
        kept = {name: os.environ[name] for name in ("PATH", "USER") if name in os.environ}
        if options.url.startswith("ssh://") and "SSH_AUTH_SOCK" in os.environ:
            kept["SSH_AUTH_SOCK"] = os.environ["SSH_AUTH_SOCK"]
        numbered: dict[str, str] = {}
        for number, (key, value) in enumerate(settings.items()):
            numbered |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {
            **kept,
            **numbered,
            "HOME": str(self._repository.parent),  # where there is no .netrc
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ALLOW_PROTOCOL": urlsplit(options.url).scheme,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS_REQUIRE": "never",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes",
            "LC_ALL": "C",
        }

    def _failed(self, complaint: bytes) -> SourceUnavailableError:
        lines = complaint.decode(errors="replace").strip().splitlines() or ["no reason given"]
        reason = " ".join(lines[-1].split())[:_MOST_ERROR_CHARS]
        options = self._options
        if "could not read Username" in reason or "Authentication failed" in reason:
            reason = "it asks for other credentials; correct what token_env or token_file names"
        elif "couldn't find remote ref" in reason:
            reason = f"there is no branch {options.branch}"
        return SourceUnavailableError(f"{options.url} cannot be fetched: {reason}")


def open_source(options: GitOptions, surroundings: Surroundings) -> Source:
    """Nothing is asked of the repository yet."""
    return GitSource(options, surroundings)


def _split_at_zero(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(PIECE_BYTES):
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
