"""The same question again: at once, for the same rights only, and never from what is gone."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.answering.cache import AnswerCache, cache_key
from assistant.assistant import Assistant
from assistant.knowledge.changes import Changes
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, Answer, Chunk, Draft, Line, Readable, Turn

QUESTION = "How many days of leave has each employee?"
HR = Readable(frozenset({"everyone", "hr"}))
LAW = Readable(frozenset({"everyone", "law"}))


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, model_directory: Path
) -> Iterator[Callable[[str], Assistant]]:
    """An assistant by its `cache_bytes`; opened once."""
    assistants: dict[str, Assistant] = {}

    def open_with(cache_bytes: str) -> Assistant:
        if cache_bytes not in assistants:
            environ = {
                "PHILO_MODELS__DIRECTORY": str(model_directory),
                "PHILO_MODELS__GENERATOR": "none",
                "PHILO_MODELS__READER": "none",
                "PHILO_ANSWERING__CACHE_BYTES": cache_bytes,
            }
            settings = load_settings(tmp_path_factory.mktemp("data"), environ=environ)
            assistants[cache_bytes] = open_assistant(settings)
        return assistants[cache_bytes]

    yield open_with
    for one in assistants.values():
        one.close()


@pytest.fixture
def assistant(opened: Callable[[str], Assistant]) -> Assistant:
    """Nothing is kept yet: both documents have just come."""
    one = opened("1000000")
    bring_in(one, "hr", "In Dublin each employee has 26 days of leave.")
    bring_in(one, "law", "In Galway each employee has 31 days of leave.")
    for document in one.library.documents(OPERATOR):
        if document.groups == ["everyone"]:
            one.library.retire(document.id)
    return one


def bring_in(assistant: Assistant, group: str, text: str) -> None:
    draft = Draft(
        uri=f"file:///{group}.md",
        title="Leave",
        text=text,
        chunks=(Chunk(0, 0, len(text), text, (), (Line(0, 1),)),),
        content_sha256="0" * 64,
        recipe="test",
        language="en",
        pages=1,
    )
    vectors = assistant.embedder.encode_passages([f"Leave\n{text}"])
    groups = frozenset({group})
    assistant.library.publish(draft, vectors, collection="default", groups=groups)


def id_of(assistant: Assistant, group: str) -> str:
    return next(one.id for one in assistant.library.documents(OPERATOR) if one.groups == [group])


def ask(
    assistant: Assistant, readable: Readable, question: str = QUESTION, **more: object
) -> Answer:
    return assistant.answer(question, readable=readable, **more)


def answers_in_memory() -> list[Answer]:
    gc.collect()
    answers = [one for one in gc.get_objects() if type(one) is Answer]
    return [one for one in answers if "26" in one.answer]


def test_the_same_events_come_again_in_their_order(assistant: Assistant) -> None:
    *told, first = assistant.ask(QUESTION, readable=HR)
    *again, second = assistant.ask(f"  {QUESTION.rstrip('?')} ?", readable=HR)
    assert again == told
    assert len(told) > 1
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.cached, second.cached) == (False, True)
    assert second.answer == first.answer
    assert second.question.endswith("employee ?")
    assert second.timings_ms.total < first.timings_ms.total


def test_readers_with_different_groups_never_share(assistant: Assistant) -> None:
    hr = ask(assistant, HR)
    law = ask(assistant, LAW)
    assert not law.cached
    assert "26 days" in hr.answer
    assert "31 days" in law.answer
    assert "31 days" not in hr.model_dump_json()
    assert "26 days" not in law.model_dump_json()
    nobody = ask(assistant, Readable(frozenset({"everyone"})))
    assert not nobody.cached
    assert nobody.refused
    assert nobody.passages == []
    assert not ask(assistant, OPERATOR).cached
    assert not ask(assistant, Readable(HR.groups, collection="default")).cached
    assert ask(assistant, HR).cached


@pytest.mark.parametrize("how", ["deleted", "regrouped", "changed"])
def test_what_is_revoked_is_gone_at_once_even_from_memory(how: str, assistant: Assistant) -> None:
    of_other_tests = {id(one) for one in answers_in_memory()}
    assert "26 days" in ask(assistant, HR).answer
    assert ask(assistant, HR).cached
    if how == "deleted":
        assistant.library.retire(id_of(assistant, "hr"))
    elif how == "regrouped":
        assistant.library.set_groups(id_of(assistant, "hr"), frozenset({"board"}))
    else:
        bring_in(assistant, "hr", "In Dublin each employee has 22 days of leave.")
    kept = [one for one in answers_in_memory() if id(one) not in of_other_tests]
    assert kept == []
    after = ask(assistant, HR)
    assert not after.cached
    assert "26 days" not in after.model_dump_json()


def test_what_does_not_concern_a_reader_leaves_his_answers(assistant: Assistant) -> None:
    ask(assistant, HR)
    bring_in(assistant, "law", "In Galway each employee has 33 days of leave.")
    assert ask(assistant, HR).cached
    bring_in(assistant, "everyone", "In Cork each employee has 28 days of leave.")
    assert not ask(assistant, HR).cached


def test_another_question_history_or_case_is_another_answer(assistant: Assistant) -> None:
    ask(assistant, HR)
    assert not ask(assistant, HR, QUESTION.upper()).cached
    history = [Turn(role="user", text="What holds in Dublin?")]
    assert not ask(assistant, HR, history=history).cached
    assert ask(assistant, HR, history=history).cached


def test_an_answer_that_was_not_heard_out_is_not_kept(assistant: Assistant) -> None:
    events = assistant.ask(QUESTION, readable=HR)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert not ask(assistant, HR).cached


def test_it_can_be_switched_off(opened: Callable[[str], Assistant]) -> None:
    assistant = opened("0")
    bring_in(assistant, "hr", "In Dublin each employee has 26 days of leave.")
    ask(assistant, HR)
    assert not ask(assistant, HR).cached


def test_memory_is_bounded_and_the_oldest_go_first(assistant: Assistant) -> None:
    _, *_, answer = events = [*assistant.ask(QUESTION, readable=HR)]
    size = len(answer.model_dump_json())
    cache = AnswerCache(Changes(), most_bytes=5 * size)
    keys = [cache_key(f"question {number}", (), HR) for number in range(8)]
    for key in keys:
        cache.keep(key, events, stamp=0)
        cache.find(keys[0])
    assert [cache.find(key) is not None for key in keys] == [True] + [False] * 3 + [True] * 4


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Qu’est-ce que « Lumen » ?", "Qu'est-ce que «Lumen»?", True),
        ("Where is it", "Where is it...", True),
        ("What is IT?", "What is it?", False),
        ("1.5 kg?", "15 kg?", False),
    ],
)
def test_only_signs_that_mean_nothing_are_passed_over(one: str, other: str, same: bool) -> None:
    assert (cache_key(one, (), HR) == cache_key(other, (), HR)) is same
