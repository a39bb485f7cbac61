"""The summary as it grows: statements and the citations that they share."""

from __future__ import annotations

from dataclasses import dataclass, field

from assistant.answering.candidates import Candidate
from assistant.answering.citations import cite
from assistant.summarizing.reading import Unit
from assistant.summarizing.types import Field, Statement, StatementWritten
from assistant.types import Citation


@dataclass
class Sheet:
    statements: list[Statement] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    quotes_only: bool = True

    def add(
        self, unit: Unit, *, told: Field | None = None, document_id: str | None = None
    ) -> StatementWritten:
        before = len(self.citations)
        markers = [self._cite(source) for source in unit.sources]
        statement = Statement(
            text=unit.text, citations=markers, field=told, document_id=document_id
        )
        self.statements.append(statement)
        self.quotes_only = self.quotes_only and unit.is_quote
        return StatementWritten(statement=statement, citations=self.citations[before:])

    def _cite(self, source: Candidate) -> int:
        place = (source.chunk.document_id, source.start, source.end)
        for known in self.citations:
            if (known.document_id, known.start, known.end) == place:
                return known.marker
        self.citations.append(cite(source, marker=len(self.citations) + 1))
        return len(self.citations)
