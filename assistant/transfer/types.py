"""What is told of moving an installation."""

from __future__ import annotations

from collections.abc import Callable

from assistant.types import PublicModel


class TransferProgress(PublicModel):
    """`done` of `total` is within the step; 0 of 0 where that cannot be told."""

    step: str
    done: int = 0
    total: int = 0


class TableReport(PublicModel):
    """`sha256` is of all values in the order of the key, and the same on both sides."""

    rows: int
    sha256: str


class IndexReport(PublicModel):
    """`vectors` and `full_text` are where they were moved to; None: they stay where they are.
    `agreeing` of `searches` found in the target what the database has."""

    index: int
    chunks: int
    vectors: str | None
    full_text: str | None
    searches: int
    agreeing: int


class TransferReport(PublicModel):
    """`tables` is empty where the database stays. `audit_problem` is what is wrong with the audit
    log, and was before. `left` are the stores that are not used any more once the settings are
    changed, and hold what they held. `stated_outside` are settings of [storage] that the
    environment or a folder of secrets states, which come before philo.toml."""

    data: str
    settings: str
    source: str
    target: str
    tables: dict[str, TableReport]
    indexes: tuple[IndexReport, ...]
    documents: int
    chunks: int
    audit_entries: int
    audit_problem: str
    left: tuple[str, ...]
    stated_outside: tuple[str, ...]
    seconds: float


Listener = Callable[[TransferProgress], None]


def tell_nobody(_: TransferProgress) -> None: ...
