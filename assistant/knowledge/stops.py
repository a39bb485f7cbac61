"""Whether answers may be written, for all processes that share a database."""

from __future__ import annotations

from sqlalchemy import delete, select

from assistant.knowledge.database import Database
from assistant.knowledge.tables import StopRow
from assistant.safety.disclosure import RUNNING, GenerationState


class Stops:
    """A `StopRecord` in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> GenerationState:
        with self._database.reading() as session:
            told = session.scalar(select(StopRow.state))
        return RUNNING if told is None else GenerationState.model_validate_json(told)

    def write(self, state: GenerationState) -> None:
        with self._database.writing() as session:
            session.execute(delete(StopRow))
            if state.state == "stopped":
                session.add(StopRow(id=1, state=state.model_dump_json()))
