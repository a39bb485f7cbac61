"""Whatever is done in whatever order: nobody sees more than they may, and nobody less."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from assistant.access.share_keys import user_key
from assistant.access.sharing import CallersSharing
from assistant.access.types import Principal, Role
from assistant.errors import AccessDeniedError, DocumentNotFoundError, UnknownUserError
from assistant.summarizing.choosing import find_document
from assistant.types import INHERIT, Access, NewRating
from tests.permissions.model import EVERYONE, Model, Paper, Person, Readers
from tests.permissions.world import PostgresFolder, SqliteFolder, World, title_of

NAMES = ("anne", "bob", "carol")
GROUPS = ("hr", "law")
SETS = ("default", "board")
URIS = tuple(f"file:///{letter}" for letter in "abcd")
MISSING = "0" * 32
CLOSELY_EVERY = 10
"""Steps: everything is searched and counted after each of them."""
STEPS = {"sqlite": 1_600, "postgresql": 400}
"""On each engine; a step takes some times as long on a server."""
MANY_STEPS = 100_000
ROUND = 5_000
"""Steps after which Hypothesis begins anew: it keeps all that it has seen, and grows slow."""

names = st.sampled_from(NAMES)
collections = st.sampled_from(SETS)
uris = st.sampled_from(URIS)
some_groups = st.sets(st.sampled_from((*GROUPS, EVERYONE)), max_size=2)
some_names = st.sets(names, max_size=2)


class Permissions(RuleBasedStateMachine):
    """`folders` makes the data directory of each run in a folder of its own."""

    folders: Any
    root: Path
    runs = itertools.count()

    @initialize(people=st.integers(0, len(NAMES)), papers=st.integers(0, len(URIS)))
    def begin(self, people: int, papers: int) -> None:
        directory = self.root / f"run-{next(self.runs)}"
        self.folders.fresh(directory)
        self.world = World(directory, self.folders.storage)
        self.model = Model()
        self.looks = 0
        self.secrets = itertools.count()
        for name, group in zip(NAMES[:people], (*GROUPS, "hr"), strict=False):
            self.come(name, {group}, True)
        for uri, group in zip(URIS[:papers], (None, "hr", None, "law"), strict=False):
            self.bring_in(uri, SETS[0], None if group is None else {group}, None, False)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            for name in self.model.people:
                self.look(name)
        finally:
            self.world.close()
            shutil.rmtree(self.world.directory)

    # What happens to people

    @rule(name=names, groups=some_groups, editor=st.booleans())
    def come(self, name: str, groups: set[str], editor: bool) -> None:
        if name not in self.model.people:
            role = Role.EDITOR if editor else Role.READER
            self.world.library.people.add_user(name, role=role, groups=groups - {EVERYONE})
            self.model.came += 1
            self.model.people[name] = Person(self.model.came, editor, groups - {EVERYONE})

    @rule(name=names, group=st.sampled_from(GROUPS), stays=st.booleans())
    def join_or_leave(self, name: str, group: str, stays: bool) -> None:
        if (person := self.model.people.get(name)) is not None:
            change = {"join": [group]} if stays else {"leave": [group]}
            self.world.library.people.change_user(name, **change)
            (person.groups.add if stays else person.groups.discard)(group)

    @rule(name=names, disabled=st.booleans())
    def disable(self, name: str, disabled: bool) -> None:
        if (person := self.model.people.get(name)) is not None:
            self.world.library.people.change_user(name, disabled=disabled)
            person.disabled = disabled

    @rule(name=names)
    def go(self, name: str) -> None:
        if self.model.people.pop(name, None) is not None:
            self.world.library.people.remove_user(name)

    # What happens to documents

    @rule(
        uri=uris,
        collection=collections,
        groups=st.none() | some_groups,
        owner=st.none() | names,
        held=st.booleans(),
    )
    def bring_in(
        self,
        uri: str,
        collection: str,
        groups: set[str] | None,
        owner: str | None,
        held: bool,
    ) -> None:
        key = f"{collection} {uri}"
        present = self.model.papers.get(key)
        secret = f"zz{next(self.secrets)}q{len(self.model.people)}x"
        person = self.model.people.get(owner or "")
        keys: frozenset[str] | None = None if groups is None else frozenset(groups)
        if person is not None:  # as people do over the API
            principal = self.principal(owner or "")
            if principal is None:
                return
            own = sorted((groups or set()) & (person.groups | {EVERYONE}))
            keys = frozenset(principal.share_with(own))
            groups = set(own) or None
            assert groups or keys == {INHERIT, user_key(principal.user_id)}
        hold = "read badly" if held else None
        self.world.library.publish_all(
            [self.world.publication(uri, secret, collection=collection, groups=keys, hold=hold)]
        )
        paper_id = self.world.library.known([uri], collection)[uri].document_id
        if present is None:
            present = self.model.papers[key] = Paper(
                paper_id, uri, collection, secret, False, False, None, None, False
            )
            present.open = self.model.is_open(collection)
            stated = True
        else:
            stated = keys is not None
        assert present.id == paper_id
        said = frozenset({INHERIT}) if keys is None else keys
        if stated and said != present.said:
            present.said = said
            present.stated = None if groups is None else Readers(set(groups), set())
            present.owner = person.number if person is not None and groups is None else None
            if present.own is None:
                present.open = self.model.is_open(collection)
        present.held = held
        if held:
            present.coming = secret
        else:
            present.published, present.secret = True, secret

    @rule(uri=uris, collection=collections)
    def release(self, uri: str, collection: str) -> None:
        paper = self.model.papers.get(f"{collection} {uri}")
        if paper is not None and paper.held:
            self.world.library.release(paper.id)
            paper.published, paper.held, paper.secret = True, False, paper.coming

    @rule(uri=uris, collection=collections)
    def delete(self, uri: str, collection: str) -> None:
        if (paper := self.model.papers.pop(f"{collection} {uri}", None)) is not None:
            self.world.library.retire(paper.id)

    # What happens to rights

    @rule(collection=collections, group=st.sampled_from(GROUPS))
    def share_collection_with_one(self, collection: str, group: str) -> None:
        self.share_collection(collection, {group}, set())

    @rule(collection=collections, groups=some_groups, people=some_names)
    def share_collection(self, collection: str, groups: set[str], people: set[str]) -> None:
        people &= self.model.people.keys()
        access = Access(groups=sorted(groups), users=sorted(people))
        CallersSharing(self.world.library, None).share_collection(collection, access)
        numbers = {self.model.people[name].number for name in people}
        self.model.readers[collection] = Readers(groups, numbers)
        for paper in self.model.papers.values():
            if paper.collection == collection and paper.own is None and paper.stated is None:
                paper.open = False

    @rule(
        uri=uris,
        collection=collections,
        groups=some_groups,
        people=some_names,
        inherit=st.booleans(),
        who=st.none() | names,
    )
    def share(
        self,
        uri: str,
        collection: str,
        groups: set[str],
        people: set[str],
        inherit: bool,
        who: str | None,
    ) -> None:
        paper = self.model.papers.get(f"{collection} {uri}")
        if paper is None:
            return
        people &= self.model.people.keys()
        person = self.model.people.get(who or "")
        principal = None if person is None else self.principal(who or "")
        if person is not None and principal is None:
            return
        access = None if inherit else Access(groups=sorted(groups), users=sorted(people))
        desk = CallersSharing(self.world.library, principal)
        if person is not None:
            exists = paper.published or paper.held
            if not (exists and self.model.may(person, paper)):
                assert self.refusal(desk, paper.id, access) == self.refusal(desk, MISSING, access)
                return
            present = set(desk.document_access(paper.id).groups)
            allowed = person.groups | {EVERYONE} | present
            if not person.editor or (access is not None and groups - allowed):
                with pytest.raises(AccessDeniedError):
                    desk.share_document(paper.id, access)
                return
        desk.share_document(paper.id, access)
        if access is None:
            paper.own = None
            paper.open = paper.stated is None and self.model.is_open(collection)
        else:
            numbers = {self.model.people[name].number for name in people}
            paper.own = Readers(groups, numbers)

    # What must change nothing

    @rule(what=st.sampled_from((*["look"] * 8, "restart", "switch")))
    def happen(self, what: str) -> None:
        if what == "restart":
            self.world.restart()
        elif what == "switch":
            self.world.switch()
        for name in self.model.people:
            self.look(name, closely=False)

    # What everybody sees

    @invariant()
    def one_looks(self) -> None:
        if self.model.people:
            self.looks += 1
            people = sorted(self.model.people)
            name = people[self.looks % len(people)]
            self.look(name, closely=self.looks % CLOSELY_EVERY == 0)

    def look(self, name: str, *, closely: bool = True) -> None:
        person, principal = self.model.people[name], self.principal(name)
        if principal is None:
            return
        library, readable = self.world.library, principal.readable()
        seen = self.model.visible(person)
        vector = self.world.embedder.encode_query("common plan")
        for k in (1_000, 2) if closely else (1_000,):
            dense = library.search_dense(vector, k=k, readable=readable)
            text = library.search_text("common", k=k, readable=readable, language="en")
            for hits in (dense, text):
                assert len(hits) == min(k, 2 * len(seen))
                assert {hit.document_id for hit in hits} <= seen.keys()
        assert library.count(readable) == (len(seen), 2 * len(seen))
        if closely:
            self.look_at_lists(principal, seen)
            self.look_at_each(principal, seen)
            self.ask(principal, seen)

    def look_at_lists(self, principal: Principal, seen: dict[str, Paper]) -> None:
        library, readable = self.world.library, principal.readable()
        person = self.model.people[principal.name]
        listed = library.documents(readable, limit=500)
        assert {one.id for one in listed} == seen.keys()
        assert {one.title for one in listed} == {
            title_of(one.uri, one.secret) for one in seen.values()
        }
        assert library.count_matching(readable) == len(seen)
        held = library.documents(readable, state="quarantined", limit=500)
        assert {one.id for one in held} == {
            one.id for one in self.model.papers.values() if one.held and self.model.may(person, one)
        }
        own = {*person.groups, EVERYONE}
        assert all(set(one.groups) <= own and set(one.users) <= {principal.name} for one in listed)
        told = CallersSharing(library, principal).collections()
        assert {one.name: one.documents for one in told} == {
            collection: count
            for collection in SETS
            if (count := sum(one.collection == collection for one in seen.values()))
        }
        assert library.jobs.jobs(readable) == ([], 0)

    def look_at_each(self, principal: Principal, seen: dict[str, Paper]) -> None:
        library, readable = self.world.library, principal.readable()
        for paper in self.model.papers.values():
            if not paper.published:
                continue
            if paper.id in seen:
                chunks = library.document_chunks(paper.id, readable)
                assert [paper.secret in one.text for one in chunks] == [True, False]
                assert find_document(library, paper.id, readable) == paper.id
                told = library.with_twins(chunks, readable)
                twins = {place.document_id for one in told for place in one.places()}
                assert twins == {
                    one.id
                    for one in seen.values()
                    if one.id != paper.id
                    and title_of(one.uri, one.secret) == title_of(paper.uri, paper.secret)
                }
                continue
            rating = NewRating(question="?", good=True, document_ids=[paper.id])
            for refuse in (
                lambda one: library.document_chunks(one, readable),
                lambda one, told=rating: library.ratings.add(
                    told.model_copy(update={"document_ids": [one]}), readable
                ),
                lambda one: find_document(library, one, readable),
            ):
                with pytest.raises(DocumentNotFoundError) as foreign:
                    refuse(paper.id)
                with pytest.raises(DocumentNotFoundError) as missing:
                    refuse(MISSING)
                assert str(foreign.value).replace(paper.id, MISSING) == str(missing.value)
            assert library.documents(readable, query=paper.secret) == []

    def ask(self, principal: Principal, seen: dict[str, Paper]) -> None:
        question = "What is the code word of the common plan?"
        answer = self.world.assistant.answer(question, readable=principal.readable())
        told = answer.model_dump_json()
        assert {one.document_id for one in answer.passages} <= seen.keys()
        assert bool(answer.passages) == bool(seen)
        for paper in self.model.papers.values():
            if paper.id not in seen:
                assert paper.secret not in told
                assert paper.id not in told

    def principal(self, name: str) -> Principal | None:
        if self.model.people[name].disabled:
            with pytest.raises(UnknownUserError):
                self.world.library.people.principal(name)
            return None
        return self.world.library.people.principal(name)

    def refusal(self, desk: CallersSharing, document_id: str, access: Access | None) -> str:
        with pytest.raises(DocumentNotFoundError) as refused:
            desk.share_document(document_id, access)
        return str(refused.value).replace(document_id, MISSING)


def run(request: pytest.FixtureRequest, engine: str, folder: Path, *, steps: int) -> None:
    if engine == "sqlite":
        Permissions.folders = SqliteFolder(folder / "template")
    else:
        server, name = map(request.getfixturevalue, ("postgres_server", "postgres_database"))
        Permissions.folders = PostgresFolder(server, name)
    Permissions.root = folder
    each = 50
    for _ in range(max(1, steps // ROUND)):
        run_state_machine_as_test(
            Permissions,
            settings=settings(
                max_examples=min(steps, ROUND) // each,
                stateful_step_count=each,
                deadline=None,
                database=None,
                derandomize=steps < MANY_STEPS,
                suppress_health_check=list(HealthCheck),
            ),
        )


@pytest.mark.parametrize("engine", STEPS)
def test_everybody_sees_what_they_may_and_nothing_else(
    request: pytest.FixtureRequest, engine: str, tmp_path: Path
) -> None:
    run(request, engine, tmp_path, steps=STEPS[engine])


@pytest.mark.long
@pytest.mark.parametrize("engine", STEPS)
def test_so_it_is_after_a_hundred_thousand_steps(
    request: pytest.FixtureRequest, engine: str, tmp_path: Path
) -> None:
    run(request, engine, tmp_path, steps=MANY_STEPS)
