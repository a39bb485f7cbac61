"""Locks that one thread of one process holds at a time, among all that share a database."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from assistant.errors import PhiloError, StoreUnavailableError

logger = logging.getLogger(__name__)

FIRST_NUMBER = 0x7068696C6F + 100


class Turn(Protocol):
    """Held in a `with`; who holds it may take it again."""

    def __enter__(self) -> object: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> object: ...

    def require(self) -> None:
        """To be called by its holder before what cannot be taken back.

        Raises:
            StoreUnavailableError: it was lost meanwhile, and another one may have it.
        """

    def try_enter(self) -> bool:
        """As with `with`, where that would not have to wait; to be left by `__exit__`."""

    def in_this_process(self) -> contextlib.AbstractContextManager[object]:
        """Held in a `with` against its other threads alone, whoever has it elsewhere."""


class LocalTurn:
    """Among the threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def require(self) -> None:
        """It is lost with the process."""

    def try_enter(self) -> bool:
        return self._lock.acquire(blocking=False)

    def in_this_process(self) -> LocalTurn:
        return self


class PostgresTurn:
    """An advisory lock on a connection of its own: with that, it ends when its holder is killed.

    Args:
        engine: whose statements may wait for `timeout_s`.
        timeout_s: how long to wait for others, in this process or another.
        translating: see `Database.translating`.
    """

    def __init__(
        self,
        engine: Engine,
        number: int,
        translating: Callable[[], contextlib.AbstractContextManager[None]],
        *,
        timeout_s: float,
    ) -> None:
        self._timeout_s = timeout_s
        self._engine = engine
        self._number = FIRST_NUMBER + number
        self._translating = translating
        self._local = threading.RLock()
        self._depth = 0
        self._connection: Connection | None = None

    def __enter__(self) -> None:
        """
        Raises:
            StoreUnavailableError: others held it for all of the time; or the database is away.
        """
        if not self._local.acquire(timeout=self._timeout_s):
            raise StoreUnavailableError("others are changing documents; try again in a minute")
        self._enter("SELECT pg_advisory_lock")

    def try_enter(self) -> bool:
        return self._local.acquire(blocking=False) and self._enter("SELECT pg_try_advisory_lock")

    @contextlib.contextmanager
    def in_this_process(self) -> Iterator[None]:
        with self._local:
            yield

    def _enter(self, statement: str) -> bool:
        taken = False
        try:
            taken = self._depth > 0 or self._take(statement)
            self._depth += taken
        finally:
            if not taken:
                self._local.release()
        return taken

    def __exit__(self, *_: object) -> None:
        try:
            self._depth -= 1
            if self._depth == 0:
                self._give_back()
        finally:
            self._local.release()

    def require(self) -> None:
        with self._translating():
            try:
                if self._connection is not None:
                    self._connection.exec_driver_sql("SELECT 1")
                    return
            except (SQLAlchemyError, OSError):  # pg8000 lets some of these through
                self._drop()
        raise StoreUnavailableError(
            "the connection that kept others from changing documents was lost; nothing was "
            "changed, try again"
        )

    def try_lead(self) -> bool:
        """Take it, or see that it is still held, without waiting; it is kept until `close`."""
        with self._local:
            if self._depth:
                try:
                    assert self._connection is not None  # noqa: S101 - held since
                    self._connection.exec_driver_sql("SELECT 1")
                except (SQLAlchemyError, OSError):
                    self._drop()
                    self._depth = 0
            if self._depth == 0 and self._take("SELECT pg_try_advisory_lock"):
                self._depth = 1
            return self._depth > 0

    def close(self) -> None:
        with self._local:
            self._depth = 0
            self._drop()

    def _take(self, statement: str) -> bool:
        """A connection that was kept may have died since."""
        with self._translating():
            for kept in (self._connection, None):
                try:
                    connection = kept or self._connect()
                    taken = connection.exec_driver_sql(f"{statement}({self._number})").scalar()
                    return taken is not False
                except SQLAlchemyError:
                    self._drop()
                    if kept is None:
                        raise
        raise AssertionError("a fresh connection takes it or raises")

    def _connect(self) -> Connection:
        connection = self._engine.connect()
        self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    def _give_back(self) -> None:
        try:
            if self._connection is not None:
                self._connection.exec_driver_sql(f"SELECT pg_advisory_unlock({self._number})")
        except (SQLAlchemyError, PhiloError, OSError) as exc:
            logger.warning("a connection that held a lock was lost: %s", type(exc).__name__)
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):
                connection.invalidate()
                connection.close()


@contextlib.contextmanager
def without_waiting(turn: Turn) -> Iterator[bool]:
    """Whether it is held now; no others are waited for."""
    taken = turn.try_enter()
    try:
        yield taken
    finally:
        if taken:
            turn.__exit__(None, None, None)
