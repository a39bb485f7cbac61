"""The index changes places while people ask: other vectors and chunks, the same right answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR

ASKERS = 3
FACTS = {
    "leave": ("How many days of annual leave are there?", "26 days of annual leave"),
    "parking": ("Where does the car park open its gate?", "gate on Harbour Street"),
    "laptop": ("Who repairs a broken laptop?", "service desk repairs"),
}
DOCUMENTS = {
    "leave": "# Annual leave\n\nEvery employee has 26 days of annual leave in each year.\n",
    "parking": "# Parking\n\nThe car park opens its gate on Harbour Street at six o'clock.\n",
    "laptop": "# Laptops\n\nThe service desk repairs or replaces a broken laptop in two days.\n",
}


@pytest.fixture
def assistant(tmp_path: Path, model_directory: Path) -> Iterator[Assistant]:
    folder = tmp_path / "handbook"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    environ = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
        "PHILO_MODELS__READER": "none",
        "PHILO_ANSWERING__CACHE_BYTES": "0",
    }
    with open_assistant(load_settings(tmp_path / "data", environ=environ)) as opened:
        assert opened.ingestor.ingest([str(folder)]).added == len(DOCUMENTS)
        yield opened


def test_everybody_is_answered_rightly_while_indexes_are_built_and_exchanged(
    assistant: Assistant,
) -> None:
    done, wrong = threading.Event(), []
    answered = dict.fromkeys(range(ASKERS), 0)

    def ask_on(number: int) -> None:
        topics = [*FACTS]
        while not done.is_set():
            topic = topics[(number + answered[number]) % len(topics)]
            question, said = FACTS[topic]
            try:
                best = assistant.search(question, k=3, readable=OPERATOR)[0]
                answer = assistant.answer(question, readable=OPERATOR)
            except Exception as exc:  # noqa: BLE001 - whatever it is, the test tells it
                wrong.append((question, repr(exc)))
                return
            if said not in best.text or answer.refused or said not in answer.citations[0].quote:
                wrong.append((question, best.text + answer.answer))
            answered[number] += 1

    def wait_for_answers(more: int) -> None:
        """So that each state of the indexes is asked in."""
        before = sum(answered.values())
        while sum(answered.values()) < before + more and not wrong:
            done.wait(0.01)

    askers = [threading.Thread(target=ask_on, args=(number,)) for number in range(ASKERS)]
    for asker in askers:
        asker.start()
    try:
        wait_for_answers(3)
        second = assistant.indexes.build("all-minilm-l6-v2", 64)
        wait_for_answers(3)
        for number in (second.id, 1, second.id):
            assistant.indexes.switch(number)
            wait_for_answers(3)
        assert assistant.embedder.id.startswith("all-minilm-l6-v2@")
        assistant.indexes.drop(1)
        wait_for_answers(3)
    finally:
        done.set()
        for asker in askers:
            asker.join()
    assert not wrong
    assert min(answered.values()) > 0
