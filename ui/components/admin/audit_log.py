"""The audit log: its newest rows, and whether any row was touched."""

from __future__ import annotations

import json

import streamlit as st

from ui import state
from ui.administration import AuditEntry, read_audit, verify_audit
from ui.client import Service
from ui.components.markup import Markup, element, show, show_hint
from ui.components.notice import notice
from ui.language import Texts

LISTED = 100


def show_audit(service: Service, texts: Texts) -> None:
    show_hint(texts("audit.hint"))
    if st.button(texts("audit.verify"), icon=":material/verified_user:", key="verify-audit"):
        found = verify_audit(service)
        if found["ok"]:
            number = texts.number(found["entries"])
            show(notice("success", texts("audit.sound", number=number)))
        else:
            show(notice("error", texts("audit.broken"), found["problem"]))
    who, action = st.columns(2)
    person = who.text_input(texts("audit.who"), key=state.AUDIT_WHO, max_chars=100)
    wanted = action.text_input(texts("audit.action"), key=state.AUDIT_ACTION, max_chars=40)
    entries = read_audit(service, limit=LISTED, who=person.strip(), action=wanted.strip())
    if not entries:
        show_hint(texts("audit.none"))
    for entry in entries:
        show(_row(texts, entry))


def _row(texts: Texts, entry: AuditEntry) -> Markup:
    when = entry["at"][:19].replace("T", " ")
    told = json.dumps(entry["details"], ensure_ascii=False, indent=1)
    return element(
        "details",
        element(
            "summary",
            element("span", texts.number(entry["number"]), class_="philo-marker"),
            element("span", entry["action"], class_="philo-title"),
            element("span", f"{entry['who']} · {when} UTC", class_="philo-page"),
        ),
        element("pre", told, class_="philo-piece"),
        class_="philo-card",
    )
