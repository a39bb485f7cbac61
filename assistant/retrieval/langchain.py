"""Philo's search as a LangChain retriever, to combine with other components."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from assistant.assistant import Assistant
from assistant.scope import EVERYTHING, Scope
from assistant.types import Readable


class PhiloRetriever(BaseRetriever):
    """The passages for a question, best first; what it returns is bound to one reader."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    readable: Readable
    scope: Scope = EVERYTHING
    k: int = 8

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain names it
    ) -> list[Document]:
        """Texts with title, address, page, span and score as metadata."""
        passages = self.assistant.search(query, k=self.k, readable=self.readable, scope=self.scope)
        return [
            Document(
                id=passage.chunk_id,
                page_content=passage.text,
                metadata=passage.model_dump(mode="json", exclude={"text", "chunk_id"}),
            )
            for passage in passages
        ]
