"""How passwords are hashed, with the real parameters."""

import statistics
import time

from assistant.access.passwords import hash_password, password_matches

PASSWORD = "seven green lamps by the quay"


def test_passwords_are_hashed_with_argon2id_as_rfc_9106_says():
    hashed = hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hashed != hash_password(PASSWORD)
    assert password_matches(hashed, PASSWORD)
    assert not password_matches(hashed, PASSWORD + " ")
    assert not password_matches(None, PASSWORD)
    assert not password_matches("no hash", PASSWORD)


def test_a_name_that_nobody_has_takes_as_long_as_one_that_somebody_has():
    hashed = hash_password(PASSWORD)

    def seconds(known):
        started = time.process_time()
        password_matches(known, "not this one at all")
        return time.process_time() - started

    pairs = [(seconds(hashed), seconds(None)) for _ in range(5)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 0.5 < known / unknown < 2
