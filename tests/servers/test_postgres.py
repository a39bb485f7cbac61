"""The tests' own PostgreSQL: that it is one, and that it comes back."""

from __future__ import annotations

import signal
from contextlib import closing

from tests.servers.postgres import PostgresServer


def test_databases_of_tests_are_apart(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.create(), postgres_server.create()
    postgres_server.command("CREATE TABLE only_here (id integer)", first)

    def tables(name: str) -> list[list[str]]:
        with closing(postgres_server.connect(name)) as connection:
            return connection.run("SELECT 1 FROM pg_tables WHERE tablename = 'only_here'")

    assert (len(tables(first)), len(tables(second))) == (1, 0)
    for name in (first, second):
        postgres_server.drop(name)


def test_the_owner_of_a_database_finds_vectors_in_it(postgres_server: PostgresServer) -> None:
    name = postgres_server.create()
    with closing(postgres_server.connect(name)) as connection:
        connection.run("SET ROLE philo")
        [[distance]] = connection.run("SELECT '[1,2]'::vector <-> '[1,4]'::vector")
    assert distance == 2
    postgres_server.drop(name)


def test_what_was_committed_is_there_after_a_crash(postgres_server: PostgresServer) -> None:
    name = postgres_server.create()
    postgres_server.command("SET synchronous_commit TO on; CREATE TABLE kept (id integer)", name)
    postgres_server.stop(signal.SIGQUIT)
    postgres_server.start()
    postgres_server.command("INSERT INTO kept VALUES (1)", name)
    postgres_server.drop(name)
