"""Who is next: the fair queue before a generator."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, Protocol, TypeVar


class Waits(Protocol):
    @property
    def principal(self) -> str: ...


Waiter = TypeVar("Waiter", bound=Waits)


class FairLine(Generic[Waiter]):
    """Principals take turns; each one's own requests are served in their order."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[Waiter]] = OrderedDict()  # next turn first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def join(self, waiter: Waiter) -> None:
        """At the end of the principal's own line."""
        self._lines.setdefault(waiter.principal, deque()).append(waiter)
        self._count += 1

    def rejoin(self, waiter: Waiter) -> None:
        """Before all others, to be served again."""
        self._lines.setdefault(waiter.principal, deque()).appendleft(waiter)
        self._lines.move_to_end(waiter.principal, last=False)
        self._count += 1

    def peek(self) -> Waiter | None:
        """Who is next."""
        return next((line[0] for line in self._lines.values()), None)

    def serve(self) -> Waiter | None:
        """Who is next, taken out; it is then the others' turn."""
        if not self._lines:
            return None
        principal, line = self._lines.popitem(last=False)
        waiter = line.popleft()
        self._count -= 1
        if line:
            self._lines[principal] = line
        return waiter

    def leave(self, waiter: Waiter) -> bool:
        """Whether it was there."""
        line = self._lines.get(waiter.principal, deque())
        if waiter not in line:
            return False
        line.remove(waiter)
        if not line:
            del self._lines[waiter.principal]
        self._count -= 1
        return True

    def place(self, waiter: Waiter) -> int | None:
        """How many are served before it; None when it is not there."""
        own = self._lines.get(waiter.principal)
        if own is None or waiter not in own:
            return None
        turn = own.index(waiter)  # so many of its own turns are before its own
        place, is_before = 0, True
        for principal, line in self._lines.items():
            if principal == waiter.principal:
                place += turn
                is_before = False
            else:
                place += min(len(line), turn + 1 if is_before else turn)
        return place
