"""Where what is known is kept, beside the data directory."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from assistant.setting_section import Section


class ChromaSettings(Section):
    """A Chroma server. It has no authentication of its own: its address must be private."""

    host: str = Field(
        "127.0.0.1", min_length=1, max_length=253, pattern=r"^[\w.:-]+$", description="its name"
    )
    port: int = Field(8000, ge=1, le=65_535)
    ssl: bool = Field(False, description="where a proxy before it speaks TLS")
    token: SecretStr | None = Field(
        None, description="sent as `Authorization: Bearer` to a proxy that asks for it"
    )
    collection: str = Field(
        "philo",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$",
        description="how the names of this installation's collections begin; each needs its own",
    )
    timeout_s: float = Field(10.0, ge=0.1, le=600, description="for each call")

    @property
    def address(self) -> str:
        return f"{'https' if self.ssl else 'http'}://{self.host}:{self.port}"


OPTIONS = frozenset({"host", "sslmode", "sslrootcert"})
"""Of an address, as libpq means them; `host` is the folder of a Unix socket."""


def check_database(address: SecretStr) -> SecretStr:
    """
    Raises:
        ValueError: it names no PostgreSQL database; the message holds nothing of the secret.
    """
    from sqlalchemy.engine import make_url  # here: it takes a while that few starts need
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address.get_secret_value())
    except (ArgumentError, ValueError):  # whose messages quote it
        url = None
    if url is None or url.get_backend_name() != "postgresql" or not url.database:
        raise ValueError("expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from None
    if not url.query.keys() <= OPTIONS:
        raise ValueError(f"after the question mark, expected one of {', '.join(sorted(OPTIONS))}")
    return address


class PgVectorSettings(Section):
    """Tables of PostgreSQL with pgvector."""

    database: Annotated[SecretStr, AfterValidator(check_database)] | None = Field(
        None, description="postgresql://...; by default the one that holds the documents"
    )
    tables: str = Field(
        "philo_vectors", pattern=r"^[a-z_][a-z0-9_]{0,62}$", description="the schema they are in"
    )
    connections: int = Field(
        5, ge=2, le=1000, description="at most, of each process, beside those for the documents"
    )
    search: Literal["exact", "graph"] = Field(
        "exact",
        description="exact: every vector that the reader may see is looked at; graph: an HNSW "
        "index, quicker from some 100,000 chunks on and approximate",
    )


class StorageSettings(Section):
    """Which servers hold what; without any, everything lies in the data directory."""

    vectors: Literal["embedded", "chroma", "pgvector"] = Field(
        "embedded",
        description="embedded: in this process; chroma: a server; pgvector: tables of PostgreSQL",
    )
    copy_bytes: int | None = Field(
        None,
        ge=0,
        description="for the copy of the vectors in each process's memory, which is searched; "
        "where it does not fit, or with 0, the store itself is searched; by default an eighth of "
        "the memory",
    )
    chroma: ChromaSettings = ChromaSettings()
    pgvector: PgVectorSettings = PgVectorSettings()
    database: Annotated[SecretStr, AfterValidator(check_database)] | None = Field(
        None,
        description="postgresql://USER:PASSWORD@HOST:PORT/DATABASE instead of a file in the data "
        "directory",
    )
    database_timeout_s: float = Field(
        30.0, ge=1, le=3600, description="for each statement, and for a turn to write"
    )
    database_connections: int = Field(
        20, ge=2, le=1000, description="at most, of each process to PostgreSQL"
    )

    @property
    def is_shared(self) -> bool:
        """Whether several processes may work at once: nothing that has one owner lies in the data
        directory."""
        return self.database is not None and self.vectors != "embedded"
