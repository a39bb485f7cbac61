"""How the service is used, as administrators see it."""

import pytest

OPERATOR = {"Authorization": "Bearer the operator's own"}
KNOWN = "How many days of leave has each employee in Dublin?"
UNKNOWN = "Which colour has the moon base?"


def ask(api, question):
    return api.post("/ask", json={"question": question}).raise_for_status().json()


def usage(api):
    return api.get("/usage", headers=OPERATOR).raise_for_status().json()


def test_questions_refusals_latency_and_documents_are_counted(api):
    before = usage(api)
    assert len(before["days"]) == 30
    assert (before["refused_share"], before["latency"]) == (None, None)
    assert not ask(api, KNOWN)["refused"]
    assert ask(api, KNOWN)["cached"]
    assert ask(api, UNKNOWN)["refused"]
    api.get("/search", params={"q": "leave"}).raise_for_status()
    told = usage(api)
    today = told["days"][-1]
    counts = [today[name] for name in ("questions", "answered", "refused", "searches", "people")]
    assert counts == [3, 2, 1, 1, 1]
    assert told["refused_share"] == pytest.approx(1 / 3, abs=1e-3)
    assert 0 < told["latency"]["median_ms"] <= told["latency"]["p95_ms"]
    assert [(one["title"], one["answers"]) for one in told["documents"]] == [("Leave", 2)]
    assert sum(day["questions"] for day in told["days"][:-1]) == 0


def test_what_was_asked_in_vain_is_listed_until_it_is_settled_and_again_when_it_comes_again(api):
    ask(api, UNKNOWN)
    ask(api, UNKNOWN.upper())
    (one,) = usage(api)["open_questions"]
    assert one["question"] == UNKNOWN.upper()
    assert one["times"] >= 2
    body = {"question": UNKNOWN}
    assert api.post("/usage/settled", json=body, headers=OPERATOR).status_code == 204
    assert usage(api)["open_questions"] == []
    ask(api, UNKNOWN)
    assert [one["times"] for one in usage(api)["open_questions"]] == [1]


def test_nobody_else_sees_it(api):
    assert api.get("/usage").status_code == 401
    assert api.post("/usage/settled", json={"question": UNKNOWN}).status_code == 401


def test_a_question_of_signs_only_cannot_be_settled(api):
    refused = api.post("/usage/settled", json={"question": "?!"}, headers=OPERATOR)
    assert refused.status_code == 422


def test_reading_it_is_in_the_audit_log(api):
    usage(api)
    entries = api.get("/audit", params={"limit": 1000}, headers=OPERATOR).json()
    assert any("usage_since" in one["details"] for one in entries)
