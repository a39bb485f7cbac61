"""The same as test_events.py with all that may happen, again and again, each within its time. On a
machine that does nothing else."""

from __future__ import annotations

import json

import pytest

from tests.faults.events import ALL, Event
from tests.faults.installation import Installation

pytestmark = pytest.mark.long

RIGHT_AGAIN_S = 15.0
TURNS = 3


@pytest.fixture(scope="module")
def patience_s() -> float:
    return RIGHT_AGAIN_S


@pytest.mark.parametrize("turn", range(TURNS))
@pytest.mark.parametrize("event", ALL, ids=lambda event: event.__name__)
def test_it_is_right_again_in_time(installation: Installation, event: Event, turn: int) -> None:
    seconds = event(installation, f"{event.__name__.replace('_', '')}{turn}")
    print(json.dumps({"event": event.__name__, "right_again_s": round(seconds, 1)}))
    assert seconds < RIGHT_AGAIN_S


def test_all_that_was_acknowledged_is_there_and_whole(installation: Installation) -> None:
    installation.check_all()
    print(json.dumps({"longest_request_s": round(installation.load.longest_s, 1)}))
