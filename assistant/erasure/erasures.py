"""Erasing, in durable steps: what a crash cuts short is finished at the next start."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import select, update

from assistant.audit import OPERATOR_NAME
from assistant.erasure.former_stores import FormerStores
from assistant.erasure.holders import Holder, content_holders
from assistant.erasure.leftovers import (
    forget_held_name,
    remove_evaluations,
    remove_jobs,
    remove_temporary,
)
from assistant.erasure.planning import (
    Plan,
    of_documents,
    of_user,
    plan_documents,
    plan_user,
    unpack_plan,
)
from assistant.erasure.remains import what_stays
from assistant.erasure.residue import search_everywhere
from assistant.erasure.subjects import name_digest
from assistant.erasure.traces import FOLDER, Traces, drop_traces, keep_traces, load_traces
from assistant.erasure.types import (
    ErasureInfo,
    ErasureKind,
    ErasureProgress,
    Listener,
    Receipt,
    ReceiptCheck,
    Residue,
    Searched,
    Step,
    receipt_path,
)
from assistant.errors import DocumentNotFoundError, ErasureError, PhiloError, UnknownUserError
from assistant.knowledge.job_records import utc_now
from assistant.knowledge.jobs import lease_ended
from assistant.knowledge.library import Library
from assistant.knowledge.renewal import Alone
from assistant.knowledge.schema import newest_revision, require_whole, revision_of
from assistant.knowledge.tables import DocumentRow, ErasureRow, JobRow
from assistant.knowledge.turns import without_waiting
from assistant.signing import Signer, is_authentic
from assistant.types import JobState

logger = logging.getLogger(__name__)

JOB_WAIT_S = 120.0
"""For work on a document that was begun before it was to be erased."""


class Erasures:
    """The erasures of an open library, one at a time. See `assistant.erasure.types.Eraser`.

    Args:
        alone: see `Library.renew`.
        holders: who holds content; None: all that there are.
    """

    def __init__(
        self,
        library: Library,
        *,
        alone: Alone = contextlib.nullcontext,
        holders: Sequence[Holder] | None = None,
    ) -> None:
        self._library = library
        self._database = library.database
        self._directory = library.database.directory
        self._alone = alone
        self._holders = content_holders(library) if holders is None else list(holders)
        self._signer = Signer(self._directory)
        self._working = threading.Lock()
        self._turn = library.database.turn("erasure")
        """In all processes: two would throw away what the other has just made."""

    def erase_documents(
        self,
        document_ids: Sequence[str],
        *,
        listener: Listener | None = None,
        who: str = OPERATOR_NAME,
    ) -> Receipt:
        with self._working, self._turn:
            require_whole(self._database)
            plan, traces = plan_documents(self._library, list(dict.fromkeys(document_ids)))
            audit = self._library.audit
            concerned = audit.find_contents(of_documents(plan.documents, traces))
            audit.holds.require_free(documents=plan.documents, entries=audit.entries_of(concerned))
            erasure_id = self._begin("document", plan, traces, who)
            return self._run(erasure_id, listener)

    def erase_user(
        self, name: str, *, listener: Listener | None = None, who: str = OPERATOR_NAME
    ) -> Receipt:
        with self._working, self._turn:
            require_whole(self._database)
            library = self._library
            name = self._known_name(name)
            who = "(the person)" if who.casefold() == name.casefold() else who
            concerned = library.audit.find_contents(of_user(name))
            library.audit.holds.require_free(user=name, entries=library.audit.entries_of(concerned))
            plan, traces = plan_user(library, name)
            erasure_id = self._begin("user", plan, traces, who)
            return self._run(erasure_id, listener)

    def resume(self, listener: Listener | None = None) -> list[Receipt]:
        """Finish what was begun, unless another process is at it. What still cannot be is said in
        the log, and tried again next time: nothing of it is found meanwhile."""
        receipts: list[Receipt] = []
        with self._working, without_waiting(self._turn) as alone:
            if not alone or revision_of(self._database) > newest_revision():
                return []  # another one does it, or knows more tables
            with self._database.reading() as session:
                known = set(session.scalars(select(ErasureRow.id)))
                query = select(ErasureRow.id).where(ErasureRow.step != Step.DONE)
                pending = session.scalars(query.order_by(ErasureRow.asked_at)).all()
            for path in (self._directory / FOLDER).glob("*"):
                if path.stem not in set(pending):  # begun or ended by a process that was killed
                    drop_traces(self._directory, path.stem)
            for erasure_id in known.intersection(pending):
                try:
                    receipts.append(self._run(erasure_id, listener))
                except (PhiloError, OSError) as exc:
                    logger.warning("erasure %s is not finished: %s", erasure_id, exc)
        return receipts

    @contextlib.contextmanager
    def excluded(self) -> Iterator[None]:
        """No erasure is at work meanwhile: for those who take `alone` before they change things,
        while an erasure takes it after."""
        with self._working:
            yield

    def all(self) -> list[ErasureInfo]:
        """Newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(ErasureRow).order_by(ErasureRow.asked_at.desc()))
            return [_info(row) for row in rows]

    def check(self, receipt: Receipt, *, user: str = "") -> ReceiptCheck:
        """Whether a receipt is as it was signed, and by this data directory."""
        authentic = is_authentic(receipt.public_key, receipt.signature, receipt.signed())
        of_user = None
        if user:
            of_user = is_subject(user, receipt)
        own = receipt.public_key == self._signer.public
        return ReceiptCheck(
            authentic=authentic, own=own, complete=receipt.complete, of_user=of_user
        )

    def _known_name(self, name: str) -> str:
        """As the register writes it; people who are gone from there are known by the log."""
        library = self._library
        try:
            return library.people.user(name).name
        except UnknownUserError:
            if library.audit.pseudonyms(name) or library.ratings.of_user(name):
                return name.strip()
            raise

    def _begin(self, kind: ErasureKind, plan: Plan, traces: Traces, who: str) -> str:
        erasure_id = uuid.uuid4().hex
        keep_traces(self._directory, erasure_id, traces)
        self._library.failpoint("traces kept")
        with self._library.audit.writing() as writing:
            writing.session.add(
                ErasureRow(
                    id=erasure_id,
                    kind=kind,
                    asked_by=who,
                    asked_at=utc_now(),
                    step=Step.ASKED,
                    plan=plan.pack(),
                    removed=json.dumps(plan.counts),
                )
            )
            told = {"erasure": erasure_id, "kind": kind, "erased": list(plan.documents)}
            writing.append(who, "erase.begin", told)
        self._library.failpoint("erasure asked")
        return erasure_id

    def _run(self, erasure_id: str, listener: Listener | None) -> Receipt:
        with self._database.reading() as session:
            row = session.get_one(ErasureRow, erasure_id)
        run = _Run(row, unpack_plan(row.plan), load_traces(self._directory, erasure_id), listener)
        steps: list[tuple[Step, Callable[[_Run], None]]] = [
            (Step.HIDDEN, self._hide),
            (Step.FORGOTTEN, self._forget),
            (Step.RENEWED, self._renew),
            (Step.COMPACTED, self._compact),
        ]
        order = list(Step)
        for step, work in steps:
            if order.index(Step(row.step)) >= order.index(step):
                continue
            run.tell(step)
            work(run)
            with self._database.writing() as session:
                values = {"step": step, "removed": json.dumps(run.removed)}
                session.execute(
                    update(ErasureRow).where(ErasureRow.id == erasure_id).values(values)
                )
            self._library.failpoint(f"erasure {step}")
        return self._finish(run)

    def _hide(self, run: _Run) -> None:
        library = self._library
        if run.row.kind == "user":
            for name in run.traces.names:
                with contextlib.suppress(UnknownUserError):
                    library.people.remove_user(name)
                    run.removed["accounts with their groups and tokens"] = 1
            return
        for document_id in run.plan.documents:
            with contextlib.suppress(DocumentNotFoundError):  # with its parent, or before a crash
                library.retire(document_id)
        self._wait_for_work(run)
        library.reconcile()  # what was staged meanwhile by work that is cancelled now

    def _wait_for_work(self, run: _Run) -> None:
        """On the documents that are to be erased, until it has ended without a result."""
        until = time.monotonic() + JOB_WAIT_S
        while True:
            now = self._database.now()
            with self._database.reading() as session:
                running = select(JobRow.id).where(
                    JobRow.uri.in_(run.traces.addresses),
                    JobRow.state == JobState.RUNNING,
                    ~lease_ended(JobRow.lease_until, now),
                )
                busy = session.scalar(running.limit(1))
                back = session.scalars(
                    select(DocumentRow.id).where(DocumentRow.id.in_(run.plan.documents))
                ).all()
            if not busy and not back:
                return
            for document_id in back:
                with contextlib.suppress(DocumentNotFoundError):
                    self._library.retire(document_id)
            if time.monotonic() > until:
                raise ErasureError(
                    "work on what is to be erased does not end; it is cancelled, and the erasure "
                    "goes on at the next start"
                )
            time.sleep(0.05)

    def _forget(self, run: _Run) -> None:
        library, removed = self._library, run.removed
        if run.row.kind == "document":
            removed["jobs"] = removed.get("jobs", 0) + remove_jobs(
                self._database, run.plan.documents, run.traces
            )
        for name in run.traces.names:
            forget_held_name(self._database, name)
        for holder in self._holders:
            for document_id in run.plan.documents:
                run.count(holder.name, holder.forget_document(document_id))
            for name in run.traces.names:
                run.count(holder.name, holder.forget_user(name))
            library.failpoint(f"{holder.name} forgotten")
        audit = library.audit
        wanted = (
            of_documents(run.plan.documents, run.traces)
            if run.row.kind == "document"
            else of_user(run.traces.names[0])
        )
        run.count(
            "contents of audit rows",
            audit.redact(
                audit.find_contents(wanted),
                names=run.traces.names,
                who=run.row.asked_by,
                reason="erasure",
                extra={"erasure": run.row.id},
            ),
        )
        library.failpoint("audit redacted")
        run.count("indexed question sets", remove_evaluations(self._directory, run.traces))
        run.count("temporary folders", remove_temporary(run.traces))
        library.changes.note_all()  # answers that are kept in memory go

    def _renew(self, run: _Run) -> None:
        if run.row.kind == "document":
            self._library.renew(self._alone, lambda done, all_: run.tell(Step.RENEWED, done, all_))

    def _compact(self, _: _Run) -> None:
        with self._alone():  # questions wait, instead of the database being busy for them
            self._library.compact()

    def _search(self, run: _Run) -> tuple[Searched, list[Residue]]:
        return search_everywhere(
            self._library,
            run.traces,
            self._holders,
            lambda done, all_: run.tell("searching", done, all_),
        )

    def _finish(self, run: _Run) -> Receipt:
        row, library = run.row, self._library
        searched, residue = self._search(run)
        former = FormerStores(library)  # which the steps would not reach another time either
        if not all(former.hold(one) for one in residue):
            # Written while the steps ran, or left by a process that was killed.
            for work in (self._forget, self._renew, self._compact):
                work(run)
            searched, residue = self._search(run)
        library.failpoint("residue searched")
        salt = secrets.token_hex(16) if row.kind == "user" else run.plan.salt
        subject = [name_digest(name, salt) for name in run.traces.names] or [*run.plan.documents]
        receipt = Receipt(
            id=row.id,
            kind="user" if row.kind == "user" else "document",
            subject=subject,
            addresses=[*run.plan.addresses],
            salt=salt,
            asked_by=row.asked_by,
            asked_at=row.asked_at.isoformat(),
            finished_at=utc_now().isoformat(),
            removed={what: count for what, count in run.removed.items() if count},
            searched=searched,
            residue=residue,
            stays=what_stays(library, run.plan, run.traces),
            complete=not residue,
            philo=version("philo"),
            public_key=self._signer.public,
        )
        receipt = receipt.model_copy(update={"signature": self._signer.sign(receipt.signed())})
        write_receipt(self._directory, receipt)
        library.failpoint("receipt written")
        with library.audit.writing() as writing:
            values = {
                "step": Step.DONE,
                "receipt": receipt.model_dump_json(),
                "removed": json.dumps(run.removed),
            }
            writing.session.execute(
                update(ErasureRow).where(ErasureRow.id == row.id).values(values)
            )
            digest = hashlib.sha256(receipt.model_dump_json().encode()).hexdigest()
            told = {"erasure": row.id, "complete": receipt.complete, "receipt": digest}
            writing.append(row.asked_by, "erase.end", told)
        library.failpoint("erasure done")
        drop_traces(self._directory, row.id)  # else the next start does
        return receipt


class _Run:
    """One erasure at work."""

    def __init__(
        self, row: ErasureRow, plan: Plan, traces: Traces, listener: Listener | None
    ) -> None:
        self.row = row
        self.plan = plan
        self.traces = traces
        self.removed: dict[str, int] = json.loads(row.removed)
        self._listener = listener

    def count(self, what: str, count: int) -> None:
        self.removed[what] = self.removed.get(what, 0) + count

    def tell(self, step: str, done: int = 0, total: int = 0) -> None:
        if self._listener is not None:
            self._listener(ErasureProgress(step=str(step), done=done, total=total))


def load_receipt(text: str) -> Receipt:
    """
    Raises:
        ReceiptError: it is none.
    """
    from pydantic import ValidationError

    from assistant.errors import ReceiptError

    try:
        return Receipt.model_validate_json(text)
    except ValidationError as exc:
        raise ReceiptError("that is no receipt of an erasure, or it was changed") from exc


def is_subject(name: str, receipt: Receipt) -> bool:
    """Whether the receipt is of this person's erasure."""
    return receipt.kind == "user" and receipt.subject == [name_digest(name, receipt.salt)]


def _info(row: ErasureRow) -> ErasureInfo:
    return ErasureInfo(
        id=row.id,
        kind="user" if row.kind == "user" else "document",
        asked_by=row.asked_by,
        asked_at=row.asked_at.isoformat(),
        step=Step(row.step),
        receipt=Receipt.model_validate_json(row.receipt) if row.receipt else None,
    )


def write_receipt(directory: Path, receipt: Receipt) -> None:
    """Into the receipts of a data directory; durable when this returns."""
    path = receipt_path(directory, receipt.id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(receipt.model_dump_json(indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".new").replace(path)
