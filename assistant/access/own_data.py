"""What is kept of a person, for themselves (GDPR, article 15), as a zip of JSON files."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

from assistant.audit import AuditEntry, AuditFilter
from assistant.audit.content import Content
from assistant.erasure.holders import Holder, content_holders
from assistant.erasure.planning import of_user
from assistant.errors import UnknownUserError
from assistant.knowledge.library import Library

ASKED = ("ask", "search", "summarize")


def export_own_data(
    library: Library, name: str, *, who: str, holders: Sequence[Holder] | None = None
) -> bytes:
    """Account and groups, tokens without secrets, questions and answers, what each holder of
    content has of them, and the audit rows by them or about them. That it was exported is logged.

    Args:
        who: asks for it.
        holders: None: all that there are.
    Raises:
        UnknownUserError: nobody of that name is known, and nobody was.
    """
    audit, people = library.audit, library.people
    files: dict[str, Any] = {}
    try:
        user = people.user(name)
        files["account.json"] = user.model_dump(mode="json")
        files["tokens.json"] = [one.model_dump(mode="json") for one in people.tokens(name)]
    except UnknownUserError:
        if not audit.pseudonyms(name):
            raise
    audit.record(who, "user.export", {"user": Content(name, bare=True)})
    rows = [*audit.every(wanted=AuditFilter(who=name))]
    numbers = audit.find_contents(of_user(name)).keys() - {row.number for row in rows}
    about = audit.entries_of(numbers)
    files["questions.json"] = [_question(row) for row in rows if row.action in ASKED]
    files["audit.json"] = {
        "by_you": [row.model_dump(mode="json") for row in rows],
        "about_you": [row.model_dump(mode="json") for row in about],
    }
    for holder in content_holders(library) if holders is None else holders:
        if found := holder.of_user(name):
            files[f"{holder.name.replace(' ', '-')}.json"] = list(found)
    return _pack(files)


def _question(row: AuditEntry) -> dict[str, Any]:
    details = row.details
    told: dict[str, Any] = {"at": row.at, "kind": row.action}
    for key in ("question", "answer", "summary"):
        if isinstance(content := details.get(key), dict):
            told[key] = content.get("text")
    return told


def _pack(files: dict[str, Any]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, tree in files.items():
            archive.writestr(name, json.dumps(tree, ensure_ascii=False, indent=2) + "\n")
    return packed.getvalue()
