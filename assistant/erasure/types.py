"""Erasures and their receipts as others see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import Field

from assistant.types import PublicModel

ErasureKind = Literal["document", "user"]


class Step(StrEnum):
    """The durable steps, in order: the last one that is done."""

    ASKED = "asked"
    HIDDEN = "hidden"
    FORGOTTEN = "forgotten"
    RENEWED = "renewed"
    COMPACTED = "compacted"
    DONE = "done"


class Residue(PublicModel):
    """What was found after all: `what` is a text, a vector, an id, a name, an address, or full text
    that is no longer used, of which nobody can see what is in it."""

    place: str
    what: str
    count: int


class Stays(PublicModel):
    what: str
    why: str
    count: int = 1


class Searched(PublicModel):
    """What was looked for, and in how much. `texts` are word sequences of which no other document
    has one, `vectors` samples of their bytes."""

    files: int = 0
    bytes: int = 0
    tables: int = 0
    texts: int = 0
    vectors: int = 0
    ids: int = 0


class Receipt(PublicModel):
    """Proof of an erasure. `subject` of a person is a salted hash of their name, so that the
    receipt does not keep it; `addresses` of documents are salted hashes of where they came from.
    Receipts of an earlier Philo have none. `removed` counts what was there. `complete`: no residue
    was found."""

    format: Literal["philo erasure receipt 1"] = "philo erasure receipt 1"
    id: str
    kind: ErasureKind
    subject: list[str]
    addresses: list[str] = Field(default_factory=list)
    salt: str = Field("", pattern=r"^(?:[0-9a-f]{2})*$")
    asked_by: str
    asked_at: str
    finished_at: str
    removed: dict[str, int]
    searched: Searched
    residue: list[Residue]
    stays: list[Stays]
    complete: bool
    philo: str
    public_key: str = ""
    signature: str = ""

    def signed(self) -> dict[str, Any]:
        """What the signature covers."""
        unsigned = {"signature"} if self.addresses else {"signature", "addresses"}
        return self.model_dump(mode="json", exclude=unsigned)


class ErasureProgress(PublicModel):
    """`done` of `total` is within the step; 0 of 0 where that cannot be told."""

    step: str
    done: int = 0
    total: int = 0


class ErasureInfo(PublicModel):
    id: str
    kind: ErasureKind
    asked_by: str
    asked_at: str
    step: Step
    receipt: Receipt | None = None


class ReceiptCheck(PublicModel):
    """`own`: signed with this data directory's key. `of_user`: whether the receipt is of the
    person that was named."""

    authentic: bool
    own: bool
    complete: bool
    of_user: bool | None = None


Listener = Callable[[ErasureProgress], None]


class Eraser(Protocol):
    """Erasing as the operator's commands do it."""

    def erase_documents(
        self, document_ids: Sequence[str], *, listener: Listener | None = None
    ) -> Receipt:
        """Erase documents and what is attached to them.

        Raises:
            DocumentNotFoundError: there is none of that id; nothing was erased.
            LegalHoldError: it is under legal hold; nothing was erased.
            ErasureError: it could not be finished; it goes on at the next start.
        """

    def erase_user(self, name: str, *, listener: Listener | None = None) -> Receipt:
        """Erase a person: account, tokens, memberships, ratings, and their questions.

        Raises:
            UnknownUserError: nobody of that name is known.
            LegalHoldError, ErasureError: as above.
        """

    def all(self) -> list[ErasureInfo]:
        """Newest first."""

    def check(self, receipt: Receipt, *, user: str = "") -> ReceiptCheck: ...


RECEIPTS = "receipts"
"""Folder of the data directory."""


def receipt_path(directory: Path, erasure_id: str) -> Path:
    return directory / RECEIPTS / f"{erasure_id}.json"
