"""A former store that was dropped: said by whoever did it, for Philo cannot see it."""

from __future__ import annotations

from pathlib import Path

from assistant.audit import OPERATOR_NAME
from assistant.audit.log import Audit
from assistant.errors import MigrationError
from assistant.knowledge.exports import Exports, forget_stores
from assistant.knowledge.schema import newest_revision, revision_of
from assistant.settings import Settings
from assistant.sole_use import opened_alone


def note_dropped(settings: Settings, store: str) -> None:
    """Receipts name it no more; that it was said stays in the audit log.

    Raises:
        MigrationError: it is noted as no former store, or is still in the data directory.
        DataDirectoryBusyError: see `opened_alone`.
    """
    with opened_alone(settings) as database:
        if revision_of(database) != newest_revision():
            raise MigrationError(
                f"{database.label} is of another version; use the Philo that works on it, or start "
                "this one once"
            )
        noted = Exports(database).paths("former store")
        if store not in noted:
            raise MigrationError(
                f"{store!r} is no former store; name one as receipts do: {', '.join(noted) or '-'}"
            )
        if Path(store).is_absolute() and Path(store).exists():
            raise MigrationError(f"{store} is still there; delete it, and run the command again")
        with Audit(database, settings.data).writing() as writing:
            forget_stores(writing.session, [store])
            writing.append(OPERATOR_NAME, "store.drop", {"store": store})
