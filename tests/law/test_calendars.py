"""Working days of a country, for years behind and ahead."""

from datetime import date, timedelta

import pytest

from efface.law import load
from efface.law.calendars import Holiday, easter


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (1961, (4, 2)), (1981, (4, 19)), (2008, (3, 23)), (2011, (4, 24)), (2024, (3, 31)), (2025, (4, 20)),
        (2026, (4, 5)), (2038, (4, 25)), (2049, (4, 18)), (2076, (4, 19)), (2100, (3, 28)), (2285, (3, 22)),
    ],
)  # fmt: skip
def test_easter_falls_where_the_tables_of_the_church_say(year: int, day: tuple[int, int]) -> None:
    assert easter(year) == date(year, *day)


def test_easter_is_always_a_sunday_between_its_bounds() -> None:
    for year in range(1900, 2300):
        found = easter(year)
        assert found.weekday() == 6
        assert date(year, 3, 22) <= found <= date(year, 4, 25)


@pytest.mark.parametrize(
    ("country", "day", "works"),
    [
        ("US", date(2026, 7, 3), False),  # Independence Day is a Saturday
        ("US", date(2021, 12, 31), False),  # New Year of 2022 is a Saturday
        ("US", date(2023, 1, 2), False),  # New Year is a Sunday
        ("US", date(2020, 6, 19), True),  # Juneteenth came in 2021
        ("US", date(2026, 11, 26), False),
        ("GB", date(2026, 12, 28), False),  # Boxing Day is a Saturday
        ("GB", date(2022, 12, 27), False),  # Christmas was a Sunday: Boxing Day stays, Christmas moves behind it
        ("GB", date(2023, 5, 8), False),
        ("GB", date(2022, 5, 30), True),  # moved to June that year
        ("GB", date(2026, 4, 6), False),
        ("DE", date(2026, 10, 3), False),
        ("DE", date(2026, 12, 28), True),  # nothing moves
        ("FR", date(2026, 7, 14), False),
        ("IT", date(2028, 10, 4), False),
        ("NL", date(2031, 4, 26), False),
        ("NL", date(2025, 4, 28), True),  # King's Day fell on a Sunday and was the Saturday before
        ("PL", date(2025, 12, 24), False),
        ("PL", date(2024, 12, 24), True),
        ("IE", date(2030, 2, 1), False),
        ("IE", date(2030, 2, 4), True),
        ("IE", date(2027, 2, 1), False),
        ("PT", date(2026, 6, 4), False),
    ],
)
def test_a_day_is_free_where_it_is(country: str, day: date, works: bool) -> None:
    assert load().calendar(country).works(day) is works


def test_a_part_and_a_member_find_their_calendar_and_a_stranger_has_rest_days_only() -> None:
    law = load()
    assert law.calendar("US-CA") is law.calendars["US"]
    assert law.calendar("GB-SCT") is law.calendars["GB"]
    plain = law.calendar("ZZ")
    assert plain.id == "" and plain.works(date(2026, 12, 25)) and not plain.works(date(2026, 12, 26))


def test_every_calendar_has_working_days_in_every_month_of_a_century() -> None:
    for calendar in load().calendars.values():
        day = date(2000, 1, 1)
        while day.year < 2100:
            found = calendar.next_working(day)
            assert found - day <= timedelta(days=6), (calendar.id, day)
            day += timedelta(days=11)


@pytest.mark.parametrize(
    "day",
    [
        Holiday("none"), Holiday("half", month=2), Holiday("two", month=2, day=3, easter=1),
        Holiday("13", month=13, day=1), Holiday("fifth", month=2, weekday="mon", nth=5), Holiday("32", month=1, day=32),
        Holiday("both", on=date(2026, 1, 1), easter=0),
    ],
)  # fmt: skip
def test_a_holiday_that_is_no_day_is_seen(day: Holiday) -> None:
    assert not day.fits()


def test_the_thirtieth_of_february_is_never() -> None:
    assert Holiday("leap", month=2, day=29).in_year(2027) is None
    assert Holiday("leap", month=2, day=29).in_year(2028) == date(2028, 2, 29)
