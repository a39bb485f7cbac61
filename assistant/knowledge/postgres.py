"""The truth in a PostgreSQL database, which several processes may share."""

from __future__ import annotations

import contextlib
import re
import secrets
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from assistant.computing import waiting
from assistant.errors import (
    DataDirectoryError,
    KnowledgeError,
    SettingsError,
    StorageFullError,
    StoreUnavailableError,
)
from assistant.knowledge.database import WRITES, Database, LeadName, TurnName
from assistant.knowledge.schema import newest_revision
from assistant.knowledge.turns import PostgresTurn
from assistant.storage_settings import StorageSettings

DRIVER = "postgresql+pg8000"
CONNECT_TIMEOUT_S = 5.0
GRACE_S = 5.0
"""Beyond a statement's own time until its connection is given up: the server is gone then."""

TURN_TIMEOUT_S = 60.0
"""For a lock that is held over several transactions, like a publication or a rebuilt index."""

IDLE_FACTOR = 2
"""So many times a statement's own time, a transaction may do nothing: its client is gone then, and
with it nobody can write."""

KEEPALIVE = {"idle": 10, "interval": 5, "count": 3}
"""After so many seconds the server asks whether a silent client is there, and so often."""

PROCESS = secrets.token_hex(4)
"""In the name of each connection: whose it is."""
OURS = re.compile(r"philo( (?P<revision>\d{4}) (?P<process>[0-9a-f]{8}))?")
"""The name of a connection of Philo; without the rest, of one that knows up to 0030."""

TURN = 0x7068696C6F
"""Number of the advisory lock whose holder may write: see `PostgresDatabase`."""


APART = "philo_apart"
"""Execution option of connections that change nothing of the truth, and so take no turn."""


class PostgresDatabase(Database):
    """Writers take turns, in whatever process they are, as they do on one SQLite file: so what is
    read in a writing transaction stays true until its end, and no unique number, chain of hashes
    or claim of a job needs a rule of its own. Readers see one moment each and wait for nobody.

    Raises:
        SettingsError: the driver is not installed.
        StoreUnavailableError: the server is away, or does not let Philo in.
        DataDirectoryError: the database sorts or encodes text otherwise than Philo needs.
    """

    def __init__(self, directory: Path, storage: StorageSettings) -> None:
        assert storage.database is not None  # noqa: S101 - whoever calls has looked
        url = make_url(storage.database.get_secret_value())
        self._timeout_s = storage.database_timeout_s
        self._turns: dict[int, threading.Lock] = defaultdict(threading.Lock)
        label = URL.create(
            "postgresql", host=url.host, port=url.port, database=url.database
        ).render_as_string()
        connections = storage.database_connections
        engine = _make_engine(
            url,
            timeout_s=self._timeout_s,
            pool_size=min(5, connections),
            max_overflow=max(0, connections - 5),
            pool_timeout=self._timeout_s,
            pool_pre_ping=True,
        )
        self._patient = _make_engine(url, timeout_s=None, poolclass=NullPool)
        self._waiting = _make_engine(url, timeout_s=TURN_TIMEOUT_S, poolclass=NullPool)
        super().__init__(directory, label, engine)
        self._named = {
            name: PostgresTurn(self._waiting, number, self.translating, timeout_s=TURN_TIMEOUT_S)
            for number, name in enumerate(
                ("knowledge", "originals", "erasure", "schedule", "owner", "comparing")
            )
        }
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        with self.reading() as session:
            told = session.connection().exec_driver_sql(
                "SELECT datcollate, pg_encoding_to_char(encoding), "
                "to_jsonb(d) ->> 'datlocprovider' FROM pg_database d "
                "WHERE datname = current_database()"
            )
            sorts, encoding, provider = told.one()
        by_code_point = provider == "b" or sorts.split(".")[0] in ("C", "POSIX")
        if encoding != "UTF8" or provider == "i" or not by_code_point:
            sorts = "ICU" if provider == "i" else sorts
            raise DataDirectoryError(
                f"{self.label} is made for {encoding} sorted by {sorts}, Philo needs UTF8 sorted "
                "by C; make it with: CREATE DATABASE philo TEMPLATE template0 ENCODING 'UTF8' "
                "LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        with waiting(), super().reading() as session:
            yield session

    @contextlib.contextmanager
    def writing(self, *, turn: int = TURN) -> Iterator[Session]:
        """
        Args:
            turn: number of the lock that is to be held; who holds another one may write too.
        """
        # Threads of one process wait here, and not each on a connection.
        mine = self._turns[turn]
        if not mine.acquire(timeout=self._timeout_s):
            raise _busy(self.label)
        try:
            with (
                self.translating(),
                self.engine.connect() as connection,
                connection.execution_options(**{WRITES: turn}),
                Session(connection) as session,
                session.begin(),
            ):
                yield session
        finally:
            mine.release()

    def turn(self, name: TurnName) -> PostgresTurn:
        return self._named[name]

    def own(self) -> bool:
        return self._named["owner"].try_lead()

    def others(self) -> list[str]:
        with self.reading() as session:
            named = session.connection().exec_driver_sql(
                "SELECT application_name FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name LIKE 'philo%%'"
            )
            told = [OURS.fullmatch(name) for name in named.scalars()]
        return [one["revision"] or "" for one in told if one and one["process"] != PROCESS]

    def leads(self, name: LeadName = "schedule") -> bool:
        return self._named[name].try_lead()

    def follow(self, name: LeadName) -> None:
        self._named[name].close()

    def now(self) -> datetime:
        with self.reading() as session:
            told: datetime = (
                session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
            )
            return told.astimezone(UTC)

    def truncate_log(self) -> None:
        """PostgreSQL keeps its log as long as its own settings say; deleted rows stay in the
        tables' files, unseen, until they are vacuumed: see `compact`."""

    def compact(self) -> None:
        # Not in a transaction, and for as long as it takes.
        with (
            self.translating(),
            self._patient.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            connection.exec_driver_sql("VACUUM (FULL, ANALYZE)")

    def close(self) -> None:
        for one in self._named.values():
            one.close()
        self._patient.dispose()
        self._waiting.dispose()
        super().close()

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as exc:
            self._raise(exc)
        except PoolTimeoutError as exc:
            raise _busy(self.label) from exc
        except (ConnectionError, TimeoutError) as exc:  # which pg8000 lets through
            raise self._away(str(exc)) from exc

    def _raise(self, exc: DBAPIError) -> NoReturn:
        code, message = code_of(exc), message_of(exc)
        label = self.label
        if code == "53100":
            raise StorageFullError(
                f"no space is left for {label}; free some and try again, nothing was changed"
            ) from exc
        if code in ("55P03", "57014", "40P01"):
            raise _busy(label) from exc
        if code == "" or code[:2] in ("08", "53", "57"):
            raise self._away(message) from exc
        if code[:2] == "28" or code == "3D000":
            raise StoreUnavailableError(
                f"the database {label} does not let Philo in ({message}); "
                "check [storage] database in philo.toml"
            ) from exc
        if code in ("22001", "22003", "22021", "22P05"):
            raise KnowledgeError(
                f"a value cannot be stored or looked up in {label} ({message}); "
                "shorten it, or leave out what is no text"
            ) from exc
        if code in ("42501", "25006"):
            raise DataDirectoryError(
                f"{label} cannot be written ({message}); let Philo's user own the database"
            ) from exc
        if code[:2] == "XX":
            raise DataDirectoryError(
                f"{label} is damaged ({message}); restore it from a backup"
            ) from exc
        raise exc

    def _away(self, why: str) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"the database {self.label} is away ({why}); try again when it is back"
        )


def _make_engine(url: URL, *, timeout_s: float | None, **pool: Any) -> Engine:
    arguments: dict[str, Any] = {
        "timeout": CONNECT_TIMEOUT_S,
        "ssl_context": _tls(url),
        "application_name": f"philo {newest_revision()} {PROCESS}",
    }
    if socket := url.query.get("host"):
        arguments["unix_sock"] = f"{socket}/.s.PGSQL.{url.port or 5432}"
    try:
        engine = create_engine(
            url.set(drivername=DRIVER, query={}),
            connect_args=arguments,
            hide_parameters=True,
            **pool,
        )
    except (ImportError, NoSuchModuleError) as exc:
        raise SettingsError(
            "the driver for PostgreSQL is not installed; run: pip install 'philo[postgres]'"
        ) from exc
    # One statement for many rows: each would be a round trip of its own.
    engine.dialect.use_insertmanyvalues_wo_returning = True

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.register_out_adapter(str, _without_nul)
        connection._usock.settimeout(None if timeout_s is None else timeout_s + GRACE_S)
        stated = {f"tcp_keepalives_{name}": value for name, value in KEEPALIVE.items()}
        if timeout_s is not None:
            whole_ms = int(timeout_s * 1000)
            stated |= {"statement_timeout": whole_ms, "lock_timeout": whole_ms}
            stated |= {"idle_in_transaction_session_timeout": IDLE_FACTOR * whole_ms}
        cursor = connection.cursor()
        for name, value in stated.items():
            cursor.execute(f"SET {name} = {value}")
        cursor.execute("COMMIT")
        cursor.close()

    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _classify)
    return engine


def _without_nul(value: str) -> str:
    """PostgreSQL keeps no NUL in texts: the sign for what cannot be shown has the same length."""
    return value.replace("\0", "\ufffd")


def _tls(url: URL) -> ssl.SSLContext | bool | None:
    """As `sslmode` says; by default where the server speaks it, whoever it is."""
    mode = url.query.get("sslmode", "prefer")
    if mode in ("verify-ca", "verify-full"):
        root = url.query.get("sslrootcert")
        context = ssl.create_default_context(cafile=root if isinstance(root, str) else None)
        context.check_hostname = mode == "verify-full"
        return context
    return {"disable": False, "require": True}.get(str(mode))


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT" or options.get(APART, False):
        return
    first = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
    if (turn := options.get(WRITES, 0)) != 0:
        first = f"SELECT pg_advisory_xact_lock({TURN if turn is True else int(turn)})"
    # What is streamed is the statement that comes, and not this one.
    connection.exec_driver_sql(first, execution_options={"stream_results": False})


def _classify(context: ExceptionContext) -> DBAPIError | None:
    """pg8000 has one class for all that the server says."""
    exc = context.sqlalchemy_exception
    if not isinstance(exc, DBAPIError) or exc.orig is None:
        # It failed between a message to the server and its answer: the next one would get that.
        context.is_disconnect = True
        return None
    code = code_of(exc)
    if code.startswith("57P"):
        context.is_disconnect = True
    if code.startswith("23"):
        return IntegrityError(exc.statement, exc.params, exc.orig, hide_parameters=True)
    return None


def code_of(exc: DBAPIError) -> str:
    """Five characters (SQLSTATE), "" where the server did not say anything."""
    told = exc.orig.args[0] if exc.orig is not None and exc.orig.args else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""


def message_of(exc: DBAPIError) -> str:
    """What the server says, without the values of rows that it adds."""
    told = exc.orig.args[0] if exc.orig is not None and exc.orig.args else exc
    return str(told.get("M", "")) if isinstance(told, dict) else str(told)


def _busy(label: str) -> StoreUnavailableError:
    return StoreUnavailableError(
        f"the database {label} is busy; try again when others have finished"
    )
