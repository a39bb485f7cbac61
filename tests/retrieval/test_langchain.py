"""Philo's search inside a LangChain chain."""

from langchain_core.runnables import RunnableLambda

from assistant.retrieval.langchain import PhiloRetriever
from assistant.scope import DocumentType, Scope
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, Readable


def test_a_chain_retrieves_what_its_reader_may_read(tmp_path, model_directory):
    (tmp_path / "open.md").write_text("# Canteen\n\nThe canteen serves lentils on Monday.\n")
    (tmp_path / "closed.md").write_text("# Salaries\n\nThe canteen's cook earns 2,400 euros.\n")
    environ = {
        "PHILO_MODELS__DIRECTORY": str(model_directory),
        "PHILO_MODELS__GENERATOR": "none",
    }
    with open_assistant(load_settings(tmp_path / "data", environ=environ)) as assistant:
        assistant.ingestor.ingest([str(tmp_path / "open.md")])
        assistant.ingestor.ingest([str(tmp_path / "closed.md")], groups=["hr"])
        scoped = PhiloRetriever(
            assistant=assistant, readable=OPERATOR, scope=Scope(types=(DocumentType.PDF,))
        )
        assert scoped.invoke("What about the canteen?") == []
        titles = RunnableLambda(lambda found: {one.metadata["title"] for one in found})
        for readable, expected in (
            (OPERATOR, {"Canteen", "Salaries"}),
            (Readable(), {"Canteen"}),
            (Readable(groups=frozenset({"hr"})), {"Salaries"}),
        ):
            retriever = PhiloRetriever(assistant=assistant, readable=readable)
            assert (retriever | titles).invoke("What about the canteen?") == expected
