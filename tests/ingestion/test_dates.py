"""Dates as days that can be compared, and no day that nobody has stated."""

from datetime import UTC, datetime

import pytest

from ingestion.dates import day_of, read_date


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2024-03-12T10:00:00Z", "2024-03-12"),
        ("12 mars 2024", "2024-03-12"),
        ("1er août 2023", "2023-08-01"),
        ("March 12, 2024", "2024-03-12"),
        ("12 Sept. 2020", "2020-09-12"),
        ("Décembre 2019", "2019-12"),
        ("2024-03", "2024-03"),
        ("31/01/2024", "2024-01-31"),
        ("01/31/2024", "2024-01-31"),
        ("03/04/2024", "2024"),  # of March or of April
        ("en 2018, revu", "2018"),
        ("30 février 2024", "2024-02"),
        ("2024-13-40", "2024"),
        ("\\today", ""),
        ("20240131", ""),
        ("", ""),
    ],
)
def test_dates_are_read_as_far_as_they_go(stated, expected):
    assert read_date(stated) == expected


def test_a_program_s_default_is_nobody_s_date():
    default = datetime(2013, 12, 23, 23, 15)
    real = datetime(2024, 5, 6, tzinfo=UTC)
    assert day_of(default, real) == "2024-05-06"
    assert day_of(default, None) == ""
