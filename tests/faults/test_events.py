"""Parts of an installation are killed under load: nothing hangs, nothing wrong is answered, nothing
acknowledged is lost, and it is right again by itself.

Other tests may use the same cores, so how long it may take
is for test_all_events.py to say.
"""

from __future__ import annotations

import pytest

from tests.faults.events import SHORT, Event
from tests.faults.installation import Installation

PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def patience_s() -> float:
    return PATIENCE_S


@pytest.mark.parametrize("event", SHORT, ids=lambda event: event.__name__)
def test_it_is_right_again(installation: Installation, event: Event) -> None:
    event(installation, event.__name__.replace("_", ""))


def test_all_that_was_acknowledged_is_there_and_whole(installation: Installation) -> None:
    installation.check_all()
