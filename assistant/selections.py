"""One thing done to many documents or jobs, as far as the caller may do it to each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant import audit_details
from assistant.access.sharing import CallersSharing
from assistant.access.types import Principal
from assistant.audit import OPERATOR_NAME
from assistant.errors import DocumentNotFoundError, PhiloError, StorageFullError
from assistant.knowledge.reading import not_found
from assistant.types import OPERATOR, Access, PublicModel, Readable

if TYPE_CHECKING:
    from assistant.assistant import Assistant


class Refusal(PublicModel):
    """Why one of a selection is as it was. `type` is the error's name: a document of others is
    DocumentNotFoundError, like one that does not exist."""

    id: str
    type: str
    message: str


class SelectionReport(PublicModel):
    """`done` are ids in the order in which they were given."""

    done: list[str]
    refused: list[Refusal]


class Selections:
    """As one caller; each change is in the audit log, as if it had been made by itself.

    Args:
        caller: None: the operator.
    """

    def __init__(self, assistant: Assistant, caller: Principal | None) -> None:
        self._assistant = assistant
        self._library = assistant.library
        self._caller = caller
        self._readable: Readable = OPERATOR if caller is None else caller.readable()
        self._who = OPERATOR_NAME if caller is None else caller.name

    def delete(self, document_ids: Sequence[str]) -> SelectionReport:
        """Gone from every search when the call returns, all at once.

        Raises:
            StorageFullError: no space is left to note it down.
        """
        seen = self._library.named_documents(document_ids, self._readable)
        holds = self._assistant.audit.holds

        def check(document_id: str) -> None:
            if document_id not in seen:
                raise not_found(document_id)
            holds.require_free(documents=self._library.family([document_id]))

        report = _each(document_ids, check)
        if report.done:
            try:
                self._library.retire(*report.done)
            except DocumentNotFoundError:  # another one deleted some of them meanwhile
                report = _each(document_ids, self._delete_one)
            for document_id in report.done:
                told = audit_details.of_document(seen[document_id])
                self._library.audit.record(self._who, "document.remove", told)
        return report

    def _delete_one(self, document_id: str) -> None:
        document = self._library.document(document_id, self._readable)
        self._assistant.audit.holds.require_free(documents=self._library.family([document.id]))
        self._library.retire(document.id)

    def move(self, document_ids: Sequence[str], collection: str) -> SelectionReport:
        """See `Moving.move`."""

        def move(document_id: str) -> None:
            document = self._library.document(document_id, self._readable)
            self._library.moving.move(document.id, collection)
            told = audit_details.of_document(document) | {"to": collection.strip()}
            self._library.audit.record(self._who, "document.move", told)

        return _each(document_ids, move)

    def share(self, document_ids: Sequence[str], access: Access | None) -> SelectionReport:
        """See `CallersSharing.share_document`."""
        sharing = CallersSharing(self._library, self._caller)
        return _each(document_ids, lambda one: sharing.share_document(one, access))

    def release(self, document_ids: Sequence[str]) -> SelectionReport:
        """Out of quarantine."""
        return _each(
            document_ids,
            lambda one: self._assistant.release_document(one, self._readable, who=self._who),
        )

    def retry(self, job_ids: Sequence[str], readable: Readable) -> SelectionReport:
        """Bring in again what failed."""
        return _each(job_ids, lambda one: self._assistant.retry_job(one, readable))

    def cancel(self, job_ids: Sequence[str], readable: Readable) -> SelectionReport:
        return _each(job_ids, lambda one: self._library.jobs.cancel(one, readable))


def _each(ids: Sequence[str], do: Callable[[str], object]) -> SelectionReport:
    """
    Raises:
        StorageFullError: the rest would fail in the same way.
    """
    done: list[str] = []
    refused: list[Refusal] = []
    for one in dict.fromkeys(ids):
        try:
            do(one)
        except StorageFullError:
            raise
        except PhiloError as exc:
            refused.append(Refusal(id=one, type=type(exc).__name__, message=str(exc)))
        else:
            done.append(one)
    return SelectionReport(done=done, refused=refused)
