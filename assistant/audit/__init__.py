"""What was done, by whom, in a chain of hashes: a changed, removed or moved row breaks it.

Each row's hash covers its content's hashes and the hash of the row before, keyed with a secret
that lies beside the database (HMAC-SHA-256), so that whoever can write rows but not read the key
cannot mend the chain. What people wrote and were told, and who they are, lies outside of the rows,
which hold salted hashes of it: it can be erased, and the chain still verifies. The newest row's
number and hash also stand in a file of their own: without it, rows cut off at the end would not
be missed.
"""

from assistant.audit.types import (
    OPERATOR_NAME,
    AuditEntry,
    AuditFilter,
    AuditReader,
    Hold,
    HoldKind,
    Pruned,
    Verification,
)

__all__ = [
    "OPERATOR_NAME",
    "AuditEntry",
    "AuditFilter",
    "AuditReader",
    "Hold",
    "HoldKind",
    "Pruned",
    "Verification",
]
