"""Questions, answers and the audit log's texts, as the policy lets them pass."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from assistant.errors import QuestionRefusedError
from assistant.knowledge.library import Library
from assistant.safety.personal.masking import mask, put_back, rewrite_said
from assistant.safety.personal.pseudonyms import PSEUDONYM
from assistant.safety.policy import Place, Policy, Verdict
from assistant.scope import Scope
from assistant.types import Readable, Turn

T = TypeVar("T")

WITHHELD = "[…]"
"""Instead of a text that the policy refuses to show."""


class Screening:
    """The policy over one library. Thread-safe.

    What was decided on questions and answers is in the audit log before they go on.
    """

    def __init__(self, policy: Policy, library: Library) -> None:
        self._policy = policy
        self._library = library
        self._pseudonyms = library.pseudonyms

    def admit(self, question: str, scope: Scope, *, who: str) -> str:
        """The question as it may be asked.

        Where the scope names no collection, the strictest rule of all holds.

        Raises:
            QuestionRefusedError: it holds what may not be asked; says what, and by which setting.
        """
        collections = scope.collections or None
        verdict = self._policy.screen(question, Place.QUESTION, collections)
        if verdict.action == "allow":
            return question
        self._record(verdict, who)
        if verdict.action == "refuse":
            raise QuestionRefusedError(
                f"the question holds what may not be asked here ({verdict.in_words('refuse')}; "
                f"{', '.join(verdict.reasons())} in philo.toml); ask it without"
            )
        return mask(question, verdict.with_action("mask"), self._pseudonyms)[0]

    def admit_history(self, history: Sequence[Turn], scope: Scope) -> list[Turn]:
        """What was said before, with the same in it masked."""
        shown = []
        for turn in history:
            verdict = self._policy.screen(turn.text, Place.QUESTION, scope.collections or None)
            found = [*verdict.with_action("mask"), *verdict.with_action("refuse")]
            found.sort(key=lambda one: one.start)
            text = mask(turn.text, found, self._pseudonyms)[0] if found else turn.text
            shown.append(turn.model_copy(update={"text": text}))
        return shown

    def show(self, value: T, readable: Readable, *, who: str) -> T:
        """A copy of an answer, passages or a summary as this reader may see them."""
        return next(self.show_all(iter([value]), readable, who=who))

    def show_all(self, events: Iterator[T], readable: Readable, *, who: str) -> Iterator[T]:
        """The same for events, each as it comes. Closing the iterator closes `events`."""
        told: set[tuple[str, ...]] = set()
        known: dict[tuple[str, frozenset[str]], str] = {}
        try:
            for event in events:
                new: dict[tuple[str, ...], Verdict] = {}
                change = self._change_for(event, readable, new, known)
                shown = event if change is None else rewrite_said(event, change)
                for key, verdict in new.items():
                    if key not in told:  # later events repeat what the passages hold
                        self._record(verdict, who)
                told |= new.keys()
                yield shown
        finally:
            close = getattr(events, "close", None)
            if close is not None:
                close()

    def for_log(self, text: str) -> str:
        """A text as the audit log may keep it for ever."""
        verdict = self._policy.screen(text, Place.AUDIT)
        found = verdict.with_action("mask")
        return mask(text, found, self._pseudonyms)[0] if found else text

    def _change_for(
        self,
        event: object,
        readable: Readable,
        new: dict[tuple[str, ...], Verdict],
        known: dict[tuple[str, frozenset[str]], str],
    ) -> Callable[[str], str] | None:
        """What is done to each text of an event; None: nothing.

        Args:
            new: gets what was decided, by action and settings.
            known: texts that were looked at before, under which collections' rules.
        """
        sees = self._policy.may_see(readable.groups, everything=readable.everything)
        collections = frozenset(self._collections_of(event))
        if not sees and not self._policy.cares(Place.ANSWER, collections):
            return None

        def change(text: str) -> str:
            if (text, collections) not in known:
                known[text, collections] = look(text)
            return known[text, collections]

        def look(text: str) -> str:
            verdict = self._policy.screen(text, Place.ANSWER, collections, personal=not sees)
            if verdict.action != "allow":
                key = (verdict.action, *verdict.reasons())
                new[key] = new[key].with_more(verdict) if key in new else verdict
            if verdict.action == "refuse":
                return WITHHELD
            if verdict.action == "mask":
                text = mask(text, verdict.with_action("mask"), self._pseudonyms)[0]
            if sees and (named := PSEUDONYM.findall(text)):
                names = [f"[{kind}_{number}]" for kind, number in named]
                text = put_back(text, self._pseudonyms.restore(names))
            return text

        return change

    def _collections_of(self, event: object) -> Collection[str]:
        if not self._policy.differs_by_collection:
            return ()
        return self._library.collections_of(_document_ids(event))

    def _record(self, verdict: Verdict, who: str) -> None:
        self._library.audit.record(who, "safety", verdict.told())


def _document_ids(value: object) -> set[str]:
    """Of all passages and citations in an event."""
    if isinstance(value, (list, tuple)):
        return set[str]().union(*map(_document_ids, value))
    found: set[str] = set()
    one = getattr(value, "document_id", None)
    if isinstance(one, str):
        found.add(one)
    found.update(getattr(value, "document_ids", ()))
    for name in ("citations", "passages"):
        inside = getattr(value, name, None)
        if isinstance(inside, list):
            found |= _document_ids(inside)
    return found
