"""Conversations over the API: kept for their owner, shared, searched, and gone for good."""

import itertools
import json
import time
from pathlib import Path

import pytest

HANDBOOK = Path(__file__).parents[2] / "examples" / "handbook"

TEXT = (
    "# Canteen\n\n## Hours\n\nThe canteen opens at {hour}.\n\n## Prices\n\nA meal costs 7 euros.\n"
)
BOARD = "# Board\n\n## Bonus\n\nThe bonus of the chairman is 41,000 euros.\n"
MEAL, BONUS = "How much does a meal cost?", "How high is the bonus of the chairman?"
OPERATOR = {"Authorization": "Bearer the operator's own"}


@pytest.fixture(scope="module")
def documents(api):
    for name, text, groups in (
        ("canteen.md", TEXT.format(hour="11:40"), None),
        ("board.md", BOARD, ["board"]),
    ):
        data = {} if groups is None else {"groups": groups}
        answer = api.post("/documents", files={"file": (name, text.encode())}, data=data)
        assert not answer.json()["failed"]


def start(api, question, who=None):
    made = api.post("/conversations", json={"question": question}, headers=who)
    made.raise_for_status()
    return made.json()["id"]


def ask(api, conversation, question, who=None):
    """The stream's events as {name: last data}."""
    body = {"question": question, "conversation": conversation}
    lines = api.post("/ask/stream", json=body, headers=who).text.split("\n")
    events = {}
    for line, data in itertools.pairwise(lines):
        if line.startswith("event: "):
            events[line[7:]] = json.loads(data[6:])
    return events


def read(api, conversation, who=None):
    return api.get(f"/conversations/{conversation}", headers=who)


def titles(api, who=None, **query):
    found = api.get("/conversations", params=query, headers=who).json()
    return [one["title"] for one in found["conversations"]]


def test_answer_is_kept_with_its_question(api, documents, tokens):
    who = tokens["outsider"]
    conversation = start(api, MEAL, who)
    events = ask(api, conversation, MEAL, who)
    assert [*events] == ["exchange", "passages", "sentence", "answer"]
    kept = read(api, conversation, who).json()
    assert (kept["title"], kept["exchanges"], kept["owner"]) == (MEAL, 1, "outsider")
    [exchange] = kept["conversation"]
    assert exchange["id"] == events["exchange"]["id"]
    assert exchange["answer"] == events["answer"]
    assert "7 euros" in exchange["answer"]["answer"]


def test_nobody_sees_or_changes_a_conversation_of_others(api, documents, tokens):
    conversation = start(api, "My own secret question?", tokens["member"])
    for who in (tokens["outsider"], None):
        assert "My own secret question?" not in titles(api, who)
        assert titles(api, who, q="secret") == []
        address = f"/conversations/{conversation}"
        for answer in (
            read(api, conversation, who),
            api.patch(address, json={"title": "Taken"}, headers=who),
            api.delete(address, headers=who),
            api.get(f"{address}/export", params={"format": "md"}, headers=who),
        ):
            assert answer.status_code == 404
            assert answer.json()["error"]["type"] == "ConversationNotFoundError"
        assert (
            "ConversationNotFoundError"
            in ask(api, conversation, MEAL, who)["error"]["error"]["type"]
        )
    assert read(api, conversation, tokens["member"]).json()["title"] == "My own secret question?"


def test_shared_conversation_shows_answers_only_to_who_may_read_all_that_they_cite(
    api, documents, tokens
):
    member, outsider = tokens["member"], tokens["outsider"]
    conversation = start(api, "About money", member)
    ask(api, conversation, MEAL, member)
    told = ask(api, conversation, BONUS, member)
    assert "41,000" in told["answer"]["answer"]
    shared = api.patch(
        f"/conversations/{conversation}", json={"groups": ["everyone"]}, headers=member
    )
    assert shared.json()["groups"] == ["everyone"]
    seen = read(api, conversation, outsider)
    assert "41,000" not in seen.text
    assert "board.md" not in seen.text
    assert not seen.json()["mine"]
    meal, bonus = seen.json()["conversation"]
    assert "7 euros" in meal["answer"]["answer"]
    assert (bonus["question"], bonus["answer"], bonus["withheld"]) == (BONUS, None, True)
    exported = api.get(
        f"/conversations/{conversation}/export", params={"format": "md"}, headers=outsider
    )
    assert "7 euros" in exported.text
    assert "41,000" not in exported.text
    assert api.delete(f"/conversations/{conversation}", headers=outsider).status_code == 404
    api.patch(f"/conversations/{conversation}", json={"groups": []}, headers=member)
    assert read(api, conversation, outsider).status_code == 404


def test_a_conversation_is_shared_with_one_s_own_groups_only(api, tokens):
    conversation = start(api, "For the board?", tokens["outsider"])
    answer = api.patch(
        f"/conversations/{conversation}", json={"groups": ["board"]}, headers=tokens["outsider"]
    )
    assert answer.status_code == 403
    assert read(api, conversation, tokens["member"]).status_code == 404


def test_owner_who_may_not_read_a_document_any_more_loses_the_answer(api, documents, tokens):
    user = {"name": "leaver", "groups": ["board"]}
    api.post("/users", json=user, headers=OPERATOR).raise_for_status()
    secret = api.post("/tokens", json={"user": "leaver"}, headers=OPERATOR).json()["secret"]
    leaver = {"Authorization": f"Bearer {secret}"}
    conversation = start(api, BONUS, leaver)
    ask(api, conversation, BONUS, leaver)
    assert "41,000" in read(api, conversation, leaver).text
    api.patch("/users/leaver", json={"leave": ["board"]}, headers=OPERATOR).raise_for_status()
    assert "41,000" not in read(api, conversation, leaver).text
    # A user of the same name, later, finds nothing of it.
    api.delete("/users/leaver", headers=OPERATOR).raise_for_status()
    api.post("/users", json=user, headers=OPERATOR).raise_for_status()
    secret = api.post("/tokens", json={"user": "leaver"}, headers=OPERATOR).json()["secret"]
    assert titles(api, {"Authorization": f"Bearer {secret}"}) == []


def test_removed_document_takes_its_answers_along(api, tmp_path_factory):
    text = TEXT.format(hour="05:17").replace("canteen", "kiosk")
    api.post("/documents", files={"file": ("kiosk.md", text.encode())}).raise_for_status()
    question = "When does the kiosk open?"
    conversation = start(api, question)
    assert "05:17" in ask(api, conversation, question)["answer"]["answer"]
    [kiosk] = api.get("/documents", params={"q": "kiosk"}).json()["documents"]
    api.delete(f"/documents/{kiosk['id']}").raise_for_status()
    [exchange] = read(api, conversation).json()["conversation"]
    assert (exchange["answer"], exchange["forgotten"]) == (None, True)


def test_conversations_are_renamed_and_found_by_title_and_questions(api, documents):
    conversation = start(api, "Où est la réserve ?")
    ask(api, conversation, MEAL)
    assert titles(api, q="RESERVE") == ["Où est la réserve ?"]
    api.patch(f"/conversations/{conversation}", json={"title": "  Repas \n du midi "})
    assert titles(api, q="repas") == ["Repas du midi"]
    assert "Repas du midi" in titles(api, q="meal cost")
    assert titles(api, q="reserve") == []


def test_long_first_question_gives_a_short_name(api):
    conversation = start(api, "word " * 100)
    assert len(read(api, conversation).json()["title"]) <= 81


def test_deleted_conversation_leaves_nothing_in_the_database_s_files(api, settings, documents):
    question = "How much does a meal cost, quibblefax?"
    conversation = start(api, question)
    ask(api, conversation, question)
    stored = [path for path in settings.data.iterdir() if path.name.startswith("philo.db")]
    assert any(b"quibblefax" in path.read_bytes() for path in stored)
    api.delete(f"/conversations/{conversation}").raise_for_status()
    assert read(api, conversation).status_code == 404
    # The audit log keeps questions on purpose, as its settings say: not the conversation.
    held = b"".join(path.read_bytes() for path in stored)
    assert conversation.encode() not in held


def test_exchange_is_removed_alone(api, documents):
    conversation = start(api, MEAL)
    first = ask(api, conversation, MEAL)["exchange"]["id"]
    ask(api, conversation, "And the opening hours of the canteen?")
    api.delete(f"/conversations/{conversation}/exchanges/{first}").raise_for_status()
    kept = read(api, conversation).json()["conversation"]
    assert [one["question"] for one in kept] == ["And the opening hours of the canteen?"]


def test_question_that_cannot_be_asked_is_not_kept(api):
    conversation = start(api, "?")
    body = {"question": "???", "conversation": conversation}
    assert api.post("/ask/stream", json=body).status_code == 422
    assert read(api, conversation).json()["conversation"] == []


@pytest.mark.parametrize(
    ("form", "magic"), [("md", b"---\nai_generated: true"), ("docx", b"PK"), ("pdf", b"%PDF")]
)
def test_conversation_and_single_answers_are_exported(api, documents, form, magic):
    conversation = start(api, MEAL)
    exchange = ask(api, conversation, MEAL)["exchange"]["id"]
    for query in ({}, {"exchange": exchange}):
        address = f"/conversations/{conversation}/export"
        answer = api.get(address, params={"format": form} | query)
        assert answer.content.startswith(magic)
    if form == "md":
        assert "7 euros" in answer.text
        assert "[^1-1]" in answer.text


def test_suggested_questions_are_new_and_answered(api):
    file = {"file": ("leave-ireland.md", (HANDBOOK / "leave-ireland.md").read_bytes())}
    api.post("/documents", files=file).raise_for_status()
    [found] = api.get("/documents", params={"q": "leave-ireland"}).json()["documents"]
    body = {"cited": [{"document_id": found["id"], "start": 0, "end": 1}], "asked": []}
    suggested = api.post("/ask/follow-ups", json=body).json()["questions"]
    assert suggested
    for question in suggested:
        answer = api.post("/ask", json={"question": question}).json()
        assert found["id"] in {one["document_id"] for one in answer["citations"]}
    body["asked"] = suggested
    again = api.post("/ask/follow-ups", json=body).json()["questions"]
    assert not set(again) & set(suggested)


def test_suggestions_come_from_readable_documents_only(api, documents, tokens):
    [board] = api.get("/documents", params={"q": "board.md"}).json()["documents"]
    body = {"cited": [{"document_id": board["id"], "start": 0, "end": 1}], "asked": []}
    answer = api.post("/ask/follow-ups", json=body, headers=tokens["outsider"])
    assert answer.json()["questions"] == []


def test_a_page_of_a_thousand_conversations_comes_at_once(api):
    for number in range(1000):
        start(api, f"Question number {number}?")
    began = time.perf_counter()
    found = api.get("/conversations", params={"limit": 20, "offset": 40}).json()
    listed = time.perf_counter() - began
    assert found["total"] >= 1000
    assert len(found["conversations"]) == 20
    began = time.perf_counter()
    assert titles(api, q="number 777?") == ["Question number 777?"]
    searched = time.perf_counter() - began
    assert max(listed, searched) < 0.3, (listed, searched)
