"""What the erasing of people asks of their conversations, and what is left of an answer."""

import pytest

from assistant.access.people import People
from assistant.access.types import Principal, Role, TokenScope
from assistant.conversations.store import Conversations
from assistant.conversations.withholding import cut_answer, documents_of
from assistant.knowledge.database import open_database
from assistant.types import OPERATOR, Answer, Citation, Passage, Place, Sentence, Timings


@pytest.fixture
def database(tmp_path, storage):
    opened = open_database(tmp_path / "philo.db", storage)
    people = People(opened)
    people.add_user("Anne")
    people.add_user("Bob")
    yield opened
    opened.close()


def person(name):
    return Principal(name=name, role=Role.READER, groups=frozenset(), scope=TokenScope.READ)


def place(name):
    return Place(document_id=name, title=name, uri=f"file:///{name}", page=1)


def passage(name, *twins):
    return Passage(
        rank=1, score=1.0, chunk_id=f"{name}:0", document_id=name, uri=f"file:///{name}",
        title=name, page=1, pages=1, heading=[], start=0, end=9, text=f"text of {name}",
        places=[place(one) for one in twins],
    )  # fmt: skip


def citation(name, *twins):
    return Citation(
        marker=1, document_id=name, title=name, uri=f"file:///{name}", page=1, pages=1, heading=[],
        start=0, end=9, quote="a quote", boxes=[], places=[place(one) for one in twins],
    )  # fmt: skip


def answer(citations, passages, *, refused=False):
    cited = Sentence(text="Cited.", supported=True, citations=[1])
    loose = Sentence(text="Loose.", supported=False, citations=[])
    return Answer(
        question="?", answer="Cited. [1] Loose.", refused=refused, evidence=1.0, model="m",
        writer="model", language="en", citations=citations, sentences=[cited, loose],
        passages=passages, timings_ms=Timings(retrieve=1, first_token=1, total=1),
    )  # fmt: skip


def test_answer_that_cites_what_may_not_be_read_is_withheld():
    assert cut_answer(answer([citation("a")], [passage("a")]), {"b"}) is None


def test_passages_places_and_loose_sentences_go_with_what_may_not_be_read():
    whole = answer([citation("a", "c")], [passage("a", "c"), passage("b")])
    assert documents_of(whole) == {"a", "b", "c"}
    left = cut_answer(whole, {"a"})
    assert documents_of(left) == {"a"}
    assert left.answer == "Cited. [1]"
    assert [one.text for one in left.sentences] == ["Cited."]
    assert "Loose" not in left.model_dump_json()


def test_answer_of_readable_documents_is_left_as_it_is():
    whole = answer([citation("a")], [passage("a")])
    assert cut_answer(whole, {"a", "b"}) == whole


def test_a_user_s_conversations_are_exported_and_forgotten(database):
    conversations = Conversations(database)
    for name in ("Anne", "Bob"):
        started = conversations.start(f"A question of {name}?", person(name))
        conversations.begin_exchange(started.id, f"A question of {name}?", person(name))
    [exported] = conversations.export_user("anne")
    assert exported.title == "A question of Anne?"
    assert [one.question for one in exported.conversation] == ["A question of Anne?"]
    assert conversations.forget_user("ANNE") == 1
    assert conversations.all(person("Anne")) == ([], 0)
    assert conversations.all(person("Bob"))[1] == 1
    if database.engine.name == "sqlite":
        held = b"".join(path.read_bytes() for path in database.directory.iterdir())
        assert b"A question of Anne?" not in held
        assert b"A question of Bob?" in held


def test_answer_whose_document_went_while_it_was_written_is_not_kept(database):
    conversations = Conversations(database)
    started = conversations.start("Gone?", None)
    exchange = conversations.begin_exchange(started.id, "Gone?", None)
    conversations.finish_exchange(exchange, answer([citation("gone")], []))
    [kept] = conversations.read(started.id, None, OPERATOR).conversation
    assert (kept.answer, kept.forgotten) == (None, True)


def test_operator_sees_what_is_shared_and_nothing_else_of_others(database):
    conversations = Conversations(database)
    shared = conversations.start("Shared?", person("Anne"))
    conversations.start("Private?", person("Anne"))
    conversations.change(shared.id, person("Anne"), groups=["everyone"])
    [seen], total = conversations.all(None)
    assert (seen.title, seen.owner, seen.mine, total) == ("Shared?", "Anne", False, 1)
